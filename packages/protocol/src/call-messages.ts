/* The schemas of call events and snapshots. Read by clients, so a field that is not known passes. */
import type { CallEvent, CallFacts } from '@ringfence/call-rules';
import { flag, list, nullable, oneOf, open, optional, tagged, text } from './schema.ts';
import type { Output, Schema } from './schema.ts';
import {
  address,
  callId,
  callMode,
  deviceId,
  endCause,
  endReason,
  legId,
  legLostReason,
  maybeTime,
  media,
  mediaEpoch,
  participantId,
  role,
  seq,
  shortText,
  time,
  userId,
  via,
} from './values.ts';

const maybeCallId = nullable(callId);
const maybeCause = nullable(endCause);
const maybeReason = nullable(endReason);
const maybeLegId = nullable(legId);
const maybeParticipantId = nullable(participantId);

const event = tagged(
  'type',
  open,
  { seq, at: time },
  {
    'call.created': {
      orgId: shortText,
      mode: callMode,
      media,
      from: open({ userId, deviceId }),
      to: address,
      toUserId: userId,
      ringDeadlineAt: time,
      maximumDeadlineAt: time,
    },
    'call.tombstoned': { orgId: shortText, userId, deviceId },
    'participant.invited': {
      participantId,
      address,
      userId,
      role,
      via,
      by: participantId,
      ringDeadlineAt: time,
    },
    'leg.offered': { legId, participantId, userId, deviceId, acknowledgeDeadlineAt: time },
    'leg.ringing': { legId },
    'leg.lost': { legId, reason: legLostReason, toLegId: optional(legId) },
    'participant.joined': { participantId, legId, connectDeadlineAt: maybeTime },
    'participant.left': {
      participantId,
      reason: endReason,
      cause: maybeCause,
      by: maybeParticipantId,
    },
    'participant.role': { participantId, role },
    'call.ringing': {},
    'call.connecting': { mediaEpoch, connectDeadlineAt: time },
    'call.active': {},
    'leg.media': { legId, fromLegId: legId, connected: flag },
    'leg.mute-requested': { legId, by: participantId },
    'leg.updated': { legId, held: flag, muted: flag, camera: flag },
    'leg.silent': { legId, graceDeadlineAt: maybeTime },
    'leg.graced': { legId, graceDeadlineAt: time },
    'leg.resumed': { legId },
    'call.ended': {
      reason: endReason,
      cause: maybeCause,
      by: maybeParticipantId,
      movedTo: optional(callId),
    },
  },
  // An event that a later version adds: it takes its seq and changes nothing (P-508).
  { type: text(64) },
);

const facts = open({
  call: open({
    id: callId,
    orgId: shortText,
    mode: callMode,
    state: oneOf('ringing', 'connecting', 'active', 'ended'),
    seq,
    mediaEpoch,
    media,
    createdAt: time,
    answeredAt: maybeTime,
    activeAt: maybeTime,
    endedAt: maybeTime,
    connectDeadlineAt: maybeTime,
    maximumDeadlineAt: maybeTime,
    endReason: maybeReason,
    endCause: maybeCause,
    endedBy: maybeParticipantId,
    movedTo: maybeCallId,
  }),
  participants: list(
    open({
      id: participantId,
      address,
      userId,
      role,
      via,
      invitedBy: maybeParticipantId,
      state: oneOf('invited', 'ringing', 'joined', 'left'),
      leftReason: maybeReason,
      leftCause: maybeCause,
      leftBy: maybeParticipantId,
      leftAt: maybeTime,
      ringDeadlineAt: maybeTime,
      wonLegId: maybeLegId,
      connectedAt: maybeTime,
    }),
  ),
  legs: list(
    open({
      id: legId,
      participantId,
      userId,
      deviceId,
      state: oneOf('offered', 'ringing', 'won', 'lost'),
      lostReason: nullable(legLostReason),
      acknowledgeDeadlineAt: maybeTime,
      graceDeadlineAt: maybeTime,
      silent: flag,
      hears: list(legId),
      connectDeadlineAt: maybeTime,
      muteRequest: nullable(open({ by: participantId, seq })),
      held: flag,
      muted: flag,
      camera: flag,
    }),
  ),
});

/** What the schemas say in types. A test holds them equal to the types of the rules. */
export type SchemaEvent = Output<typeof event>;
export type SchemaFacts = Output<typeof facts>;

/*
 * The rules own these types: the casts narrow `string` to `Address` and make fields read-only.
 */
export const callEvent = event as unknown as Schema<CallEvent>;
export const callFacts = facts as unknown as Schema<CallFacts>;
