import { silentLogger, systemClock, systemRandom } from '@ringfence/base';
import { createMedia } from '@ringfence/media';
import { createSignalingClient } from '@ringfence/signaling-client';
import { ClientPhone } from './client-phone.ts';
import { resolvePhoneOptions } from './options.ts';
import type { PhoneCollaborators, PhoneOptions } from './options.ts';
import type { Phone } from './phone.ts';

/**
 * Makes a phone and connects it. It stays connected, through losses, until it is closed.
 *
 * Nothing of a browser is touched before a call needs it, so a phone can be made in Node.
 *
 * @example
 * await using phone = createPhone({ url: 'wss://calls.example/v1/socket', token });
 * phone.on('call.incoming', (call) => call.accept());
 * const call = await phone.dial('user:alice', { audio: true, video: true });
 * call.on('call.changed', ({ state }) => show(state));
 *
 * @throws {RingfenceError} `invalid_option` for an option out of its range.
 */
export function createPhone(options: PhoneOptions, collaborators: PhoneCollaborators = {}): Phone {
  const { call, media, signaling, ...server } = resolvePhoneOptions(options);
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
    tuning: call,
    clock,
    random,
    logger,
  });
}
