/** How numbers and names are written on the page. */
import type { Vocabulary } from './words/english.ts';

/** `0:07`, `12:40`, `1:02:03`. */
export function formatDuration(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1_000));
  const seconds = String(total % 60).padStart(2, '0');
  const minutes = Math.floor(total / 60) % 60;
  const hours = Math.floor(total / 3_600);
  if (hours === 0) return `${minutes}:${seconds}`;
  return `${hours}:${String(minutes).padStart(2, '0')}:${seconds}`;
}

/** A length in words, for the summary: `7 seconds`, `1 minute 5 seconds`. */
export function formatLength(ms: number, { units }: Pick<Vocabulary, 'units'>): string {
  const total = Math.max(0, Math.round(ms / 1_000));
  const parts = [
    [Math.floor(total / 3_600), units.hour],
    [Math.floor(total / 60) % 60, units.minute],
    [total % 60, units.second],
  ] as const;
  const said = parts
    .filter(([count]) => count > 0)
    .slice(0, 2)
    .map(([count, [one, many]]) => `${count} ${count === 1 ? one : many}`);
  return said.length === 0 ? units.none : said.join(' ');
}

type Spoken = Pick<Vocabulary, 'language' | 'underOneMs'>;

function decimal(value: number, digits: number, { language }: Spoken): string {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(language, options).format(value);
}

export function formatRoundTrip(ms: number | null, words: Spoken): string {
  if (ms === null) return '–';
  return ms < 1 ? words.underOneMs : `${Math.round(ms)} ms`;
}

export function formatLoss(percent: number | null, words: Spoken): string {
  if (percent === null) return '–';
  if (percent === 0) return '0 %';
  return `${decimal(percent, percent < 10 ? 1 : 0, words)} %`;
}

export function formatBitrate(kbps: number, words: Spoken): string {
  return kbps < 1_000 ? `${Math.round(kbps)} kbit/s` : `${decimal(kbps / 1_000, 1, words)} Mbit/s`;
}

/** `Bob`, `Bob and Carol`, `Bob, Carol, and Dave`. */
export function formatNames(names: readonly string[], { language }: Spoken): string {
  return new Intl.ListFormat(language).format(names);
}

/** The user id a typed name stands for: what the server accepts in `user:ID`. Empty when nothing is left. */
export function userIdOf(name: string): string {
  return name
    .trim()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/\s+/g, '-')
    .replace(/[^a-z0-9._@-]/g, '')
    .slice(0, 64);
}

/** A user id as a name to show: `anna-maria` is `Anna Maria`. */
export function nameOf(userId: string): string {
  return userId
    .split(/[-_]+/)
    .filter((part) => part !== '')
    .map((part) => part[0]!.toUpperCase() + part.slice(1))
    .join(' ');
}

/** One or two letters that stand for a person without a picture. */
export function initialsOf(userId: string): string {
  const words = nameOf(userId).split(' ');
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters.map((word) => word?.[0] ?? '').join('') || '?';
}
