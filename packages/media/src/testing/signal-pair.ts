import type { Clock, Random } from '@ringfence/base';
import type { SignalChannel } from '../media-session.ts';
import { createSignalMesh } from './signal-mesh.ts';
import type { SignalMesh, SignalMeshOptions } from './signal-mesh.ts';

/** The legs of a pair: the caller's and the callee's. */
export const callerLeg = 'l1';
export const calleeLeg = 'l2';

/** Two legs joined without a server. */
export interface SignalPair extends Pick<SignalMesh, 'sent' | 'inject'> {
  readonly caller: SignalChannel;
  readonly callee: SignalChannel;
}

/** {@link createSignalMesh} of two. */
export function createSignalPair(
  options: SignalMeshOptions,
  tools: { readonly clock: Clock; readonly random: Random },
): SignalPair {
  const { channel, sent, inject } = createSignalMesh(options, tools);
  return { caller: channel(callerLeg), callee: channel(calleeLeg), sent, inject };
}
