import { silentLogger, systemClock, systemRandom } from '@ringfence/base';
// The call machine first, then the wire, then media: bundlers keep this order. XState, a third of the
// bundle, then stands before all the rest and not in its middle, and gzip, which looks back 32 kB, finds
// more that was said before: 0.5 kB.
import { resolvePhoneOptions } from './options.ts';
import { createSignalingClient } from '@ringfence/signaling-client';
import { createMedia } from '@ringfence/media';
import { ClientPhone } from './client-phone.ts';
import type { PhoneCollaborators, PhoneOptions } from './options.ts';
import type { Phone } from './phone.ts';

/**
 * Makes a phone and connects it. It stays connected, through losses, until it is closed.
 *
 * Nothing of a browser is touched before a call needs it, so a phone can be made in Node.
 *
 * @example
 * await using tubes = new TubeRegistry();
 * await using phone = createPhone({ url: 'wss://calls.example/v1/socket', token, tubes });
 * phone.on('call.incoming', (call) => call.accept());
 * const call = await phone.dial('user:alice', { audio: true, video: true });
 * call.on('call.changed', ({ state }) => show(state));
 *
 * @throws {RingfenceError} `invalid_option` for an option out of its range.
 */
export function createPhone(options: PhoneOptions, collaborators: PhoneCollaborators = {}): Phone {
  const { call, media, signaling, tubes, ...server } = resolvePhoneOptions(options);
  const {
    clock = systemClock,
    random = systemRandom,
    logger = silentLogger,
    transport,
  } = collaborators;
  return new ClientPhone({
    client: createSignalingClient(
      { ...signaling, ...server },
      { transport, clock, random, logger },
    ),
    engine: collaborators.media ?? createMedia(media, { clock, random, logger }),
    ownsEngine: collaborators.media === undefined,
    callWaiting: server.callWaiting,
    tubes,
    tuning: call,
    clock,
    random,
    logger,
  });
}
