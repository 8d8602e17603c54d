import type { Address, CallFacts, UserCommand } from '@ringfence/call-rules';
import type { CommandName, Request } from '@ringfence/protocol';

/** A request that changes a call. */
export type CommandRequest = Extract<Request, { readonly name: CommandName }>;

export function isCommandRequest(request: Request): request is CommandRequest {
  return (
    request.name !== 'call.sync' && request.name !== 'call.ice-servers' && 'callId' in request.body
  );
}

/** Reads the rules' command off the wire's request. `other` is the second call it names. */
export function userCommand(request: CommandRequest, other: CallFacts | null): UserCommand {
  const { name, body } = request;
  switch (name) {
    case 'call.dial':
      return { type: name, to: body.to as Address, media: body.media };
    case 'call.ring':
    case 'call.accept':
      return { type: name };
    case 'call.decline':
      return { type: name, busy: body.busy };
    case 'call.hang-up':
      return { type: name, cause: body.cause, dialed: body.dialed, everyone: body.everyone };
    case 'call.media': {
      const { mediaEpoch, legId, connected } = body;
      return { type: name, mediaEpoch, legId, connected };
    }
    case 'call.update':
      return { type: name, held: body.held, muted: body.muted, camera: body.camera };
    case 'call.invite':
      return { type: name, to: body.to as Address, role: body.role };
    case 'call.remove':
    case 'call.request-mute':
      return { type: name, participantId: body.participantId };
    case 'call.transfer':
      return body.toCallId === undefined
        ? { type: name, to: body.to as Address }
        : { type: name, toCallId: body.toCallId, other };
    case 'call.merge':
      return { type: name, fromCallId: body.fromCallId, other };
  }
}

/** The second call that a command names. */
export function otherCallId({ name, body }: CommandRequest): string | undefined {
  if (name === 'call.transfer') return body.toCallId;
  return name === 'call.merge' ? body.fromCallId : undefined;
}

/** True for a command that may be run where there is no call yet. */
export function mayCreate(request: CommandRequest): boolean {
  return (
    request.name === 'call.dial' ||
    (request.name === 'call.hang-up' && request.body.dialed === true)
  );
}

/** True for a command that rings one more user in a call under way. */
export function bringsIn({ name, body }: CommandRequest): boolean {
  return name === 'call.invite' || (name === 'call.transfer' && body.toCallId === undefined);
}

/**
 * What a request asks for, in short: the same for the same request, whatever the order of its
 * fields. It is at most some 200 characters long, so there is nothing to gain from a hash of it.
 */
export function commandDigest(request: CommandRequest): string {
  return `${request.name} ${request.body.callId} ${fieldsOf(request)}`;
}

function fieldsOf({ name, body }: CommandRequest): string {
  switch (name) {
    case 'call.dial':
      return `${body.media.audio} ${body.media.video} ${body.to}`;
    case 'call.ring':
    case 'call.accept':
      return '';
    case 'call.decline':
      return `${body.busy}`;
    case 'call.hang-up':
      return `${body.cause} ${body.dialed} ${body.everyone}`;
    case 'call.media':
      return `${body.mediaEpoch} ${body.legId} ${body.connected}`;
    case 'call.update':
      return `${body.held} ${body.muted} ${body.camera}`;
    case 'call.invite':
      return `${body.role} ${body.to}`;
    case 'call.remove':
    case 'call.request-mute':
      return body.participantId;
    case 'call.transfer':
      return `${body.toCallId} ${body.to}`;
    case 'call.merge':
      return body.fromCallId;
  }
}
