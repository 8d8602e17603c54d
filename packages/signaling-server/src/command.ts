import type { Address, UserCommand } from '@ringfence/call-rules';
import type { CommandName, Request } from '@ringfence/protocol';

/** A request that changes a call. */
export type CommandRequest = Extract<Request, { readonly name: CommandName }>;

export function isCommandRequest(request: Request): request is CommandRequest {
  return (
    request.name !== 'call.sync' && request.name !== 'call.ice-servers' && 'callId' in request.body
  );
}

/** Reads the rules' command off the wire's request. A dial's `reach` comes with each decision. */
export function userCommand(request: CommandRequest, reach: DialReach): UserCommand {
  const { name, body } = request;
  switch (name) {
    case 'call.dial':
      return { type: name, to: body.to as Address, media: body.media, reach };
    case 'call.ring':
    case 'call.accept':
    case 'call.decline':
      return { type: name };
    case 'call.hang-up':
      return { type: name, cause: body.cause, dialed: body.dialed };
    case 'call.media':
      return { type: name, mediaEpoch: body.mediaEpoch, connected: body.connected };
    case 'call.update':
      return { type: name, held: body.held, muted: body.muted, camera: body.camera };
  }
}

type DialReach = Extract<UserCommand, { readonly type: 'call.dial' }>['reach'];

/** True for a command that may be run where there is no call yet. */
export function mayCreate(request: CommandRequest): boolean {
  return (
    request.name === 'call.dial' ||
    (request.name === 'call.hang-up' && request.body.dialed === true)
  );
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
    case 'call.decline':
      return '';
    case 'call.hang-up':
      return `${body.cause} ${body.dialed}`;
    case 'call.media':
      return `${body.mediaEpoch} ${body.connected}`;
    case 'call.update':
      return `${body.held} ${body.muted} ${body.camera}`;
  }
}
