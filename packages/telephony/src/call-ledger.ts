import type { Clock } from '@ringfence/base';

/** A phone call, as far as this host knows. */
export interface TelephonyCall {
  /** For `answerCall` and `endCall`. Holds on every instance. */
  readonly callId: string;
  readonly provider: string;
  readonly direction: 'incoming' | 'outgoing';
  readonly state: 'ringing' | 'active' | 'ended';
  /** E.164. Undefined when it is not known. */
  readonly to: string | undefined;
  readonly from: string | undefined;
  /** Who placed or answered it here. */
  readonly userId: string | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly answeredAt: number | undefined;
}

/** What is known newly of a call. */
export type CallUpdate = Pick<TelephonyCall, 'callId' | 'provider' | 'state'> &
  Partial<Pick<TelephonyCall, 'direction' | 'to' | 'from' | 'userId'>>;

/** The longest that Telnyx lets a call last by default (`time_limit_secs`, 4 hours). */
const longestMs = 14_400_000;
const mostCalls = 10_000;
const mostEnded = 10_000;
const order = { ringing: 0, active: 1, ended: 2 } as const;

/**
 * The calls under way. It is the host's and not the worker's: a worker that dies takes no call with
 * it, because calls run at the provider. Bounded in number, and in time for a call whose end was
 * never told.
 */
export class CallLedger {
  readonly #clock: Clock;
  readonly #calls = new Map<string, { readonly call: TelephonyCall; readonly sinceMs: number }>();
  /** Those that ended, so that what is told late does not bring them back. */
  readonly #ended = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    this.#forgetOld();
    return this.#calls.size;
  }

  list(): TelephonyCall[] {
    this.#forgetOld();
    return [...this.#calls.values()].map(({ call }) => call);
  }

  get(callId: string): TelephonyCall | undefined {
    return this.#calls.get(callId)?.call;
  }

  /** Takes an update in. Gives the call as it is now; undefined when nothing changed. */
  update(update: CallUpdate): TelephonyCall | undefined {
    const { callId } = update;
    if (this.#ended.has(callId)) return undefined;
    const known = this.#calls.get(callId);
    const call = this.#merge(known?.call, update);
    if (call === undefined) return undefined;
    if (call.state === 'ended') {
      this.#calls.delete(callId);
      remember(this.#ended, callId, mostEnded);
      return call;
    }
    this.#calls.set(callId, { call, sinceMs: known?.sinceMs ?? this.#clock.monotonic() });
    const [oldest] = this.#calls.keys();
    if (this.#calls.size > mostCalls) this.#calls.delete(oldest!);
    return call;
  }

  #merge(known: TelephonyCall | undefined, update: CallUpdate): TelephonyCall | undefined {
    // Webhooks come in any order: a call never goes back.
    const isBack = known !== undefined && order[update.state] < order[known.state];
    const state = isBack ? known.state : update.state;
    const call: TelephonyCall = {
      callId: update.callId,
      provider: update.provider,
      direction: known?.direction ?? update.direction ?? 'outgoing',
      state,
      to: known?.to ?? update.to,
      from: known?.from ?? update.from,
      userId: known?.userId ?? update.userId,
      startedAt: known?.startedAt ?? this.#clock.now(),
      answeredAt: known?.answeredAt ?? (state === 'active' ? this.#clock.now() : undefined),
    };
    const isSame =
      known !== undefined &&
      (['state', 'to', 'from', 'userId'] as const).every((key) => known[key] === call[key]);
    return isSame ? undefined : call;
  }

  /** The first is the oldest. */
  #forgetOld(): void {
    const now = this.#clock.monotonic();
    for (const [callId, { sinceMs }] of this.#calls) {
      if (now - sinceMs < longestMs) return;
      this.#calls.delete(callId);
    }
  }
}

/** Adds to a set that keeps the newest `most`. */
export function remember(set: Set<string>, value: string, most: number): void {
  set.add(value);
  const [oldest] = set;
  if (set.size > most) set.delete(oldest!);
}
