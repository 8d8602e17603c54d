/* The schemas of what messages are made of. */
import type { UserSettings } from '@ringfence/call-rules';
import { flag, list, nullable, numeric, oneOf, open, optional, text, whole } from './schema.ts';
import type { Output, Schema } from './schema.ts';

export const shortText = text(128);

/** A UUID version 7 in lower case (RFC 9562). */
export const callId = text(
  36,
  36,
  /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
);
export const commandId = text(64, 1, /^[A-Za-z0-9_-]+$/);
export const deviceId = text(64, 1, /^[A-Za-z0-9_-]+$/);
export const userId = text(64, 1, /^[A-Za-z0-9._@-]+$/);
export const legId = text(5, 2, /^l[1-9][0-9]{0,3}$/);
export const participantId = text(5, 2, /^p[1-9][0-9]{0,3}$/);
/** Read in full by the rules, which name what is wrong with it; here only its bounds. */
export const address = text(128);

/** 2^53 - 1, the largest whole number that JSON carries safely (RFC 7493). */
const mostWhole = 9_007_199_254_740_991;
export const seq = whole(mostWhole);
export const mediaEpoch = whole(mostWhole);
export const signalNumber = whole(1_000_000, 1);
/** Milliseconds since the Unix epoch, up to the largest a `Date` holds. */
export const time = numeric(8_640_000_000_000_000);
export const maybeTime = nullable(time);
/** Milliseconds, up to a week. */
export const durationMs = numeric(604_800_000);

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
  'busy',
  'unanswered',
  'canceled',
  'unreachable',
);
export const callMode = oneOf('p2p', 'sfu', 'sip');
export const role = oneOf('moderator', 'member', 'guest');
export const via = oneOf('dial', 'invite', 'transfer', 'forward', 'return', 'merge');

const userSettings = open({
  doNotDisturb: flag,
  forwardOnBusy: nullable(address),
  forwardOnNoAnswer: nullable(address),
});

/** What the schema says in types. A test holds it equal to the type of the rules. */
export type SchemaSettings = Output<typeof userSettings>;

/** The rules own the type: the cast narrows `string` to `Address`, and makes fields read-only. */
export const settings = userSettings as unknown as Schema<UserSettings>;

export const iceServer = open({
  urls: list(text(512), 16),
  username: optional(text(512)),
  credential: optional(text(512)),
});
