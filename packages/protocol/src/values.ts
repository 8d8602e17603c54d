/* The schemas of what messages are made of. */
import { tokenLength } from './limits.ts';
import {
  flag,
  list,
  matching,
  nullable,
  numeric,
  oneOf,
  open,
  optional,
  text,
  whole,
} from './schema.ts';

export const shortText = text(128);

/** A UUID version 7 in lower case (RFC 9562). */
export const callId = matching(
  /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  36,
);
export const commandId = matching(/^[A-Za-z0-9_-]+$/, 64);
export const deviceId = matching(/^[A-Za-z0-9_-]+$/, 64);
export const userId = matching(/^[A-Za-z0-9._@-]+$/, 64);
export const legId = matching(/^l[1-9][0-9]{0,3}$/, 5);
export const participantId = matching(/^p[1-9][0-9]{0,3}$/, 5);
/** Read in full by the rules, which name what is wrong with it; here only its bounds. */
export const address = text(128);
export const token = text(tokenLength);

/** 2^53 - 1, the largest whole number that JSON carries safely (RFC 7493). */
const mostWhole = 9_007_199_254_740_991;
export const seq = whole(0, mostWhole);
export const mediaEpoch = whole(0, mostWhole);
export const signalNumber = whole(1, 1_000_000);
/** Milliseconds since the Unix epoch, up to the largest a `Date` holds. */
export const time = numeric(0, 8_640_000_000_000_000);
export const maybeTime = nullable(time);
/** Milliseconds, up to a week. */
export const durationMs = numeric(0, 604_800_000);

export const media = open({ audio: flag, video: flag });

export const endCause = oneOf(
  'caller_lost',
  'callee_lost',
  'media_timeout',
  'media_failed',
  'permission_denied',
  'device_missing',
  'maximum_length',
  'internal',
);
export const endReason = oneOf(
  'completed',
  'declined',
  'busy',
  'unanswered',
  'canceled',
  'unreachable',
  'failed',
  'transferred',
  'terminated',
);
export const legLostReason = oneOf(
  'answered-elsewhere',
  'declined-elsewhere',
  'declined',
  'unreachable',
  'unanswered',
  'canceled',
);
export const callMode = oneOf('p2p', 'sfu', 'sip');

export const iceServer = open({
  urls: list(text(512), 16),
  username: optional(text(512)),
  credential: optional(text(512)),
});
