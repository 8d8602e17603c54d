import { RingfenceError, silentLogger, toError, uuidV7 } from '@ringfence/base';
import type { Logger } from '@ringfence/base';
import { FakeClock, seededRandom } from '@ringfence/base/testing';
import { resolveCallTuning } from '@ringfence/call-machine';
import { defaultSettings, participantOfUser, userAddress } from '@ringfence/call-rules';
import type { Actor, Deadlines, EndCause, MediaKinds } from '@ringfence/call-rules';
import { TubeRegistry } from '@ringfence/isolation';
import type { Call } from '../call.ts';
import { ClientPhone } from '../client-phone.ts';
import type { Tubes } from '../options.ts';
import type { Phone } from '../phone.ts';
import { FakeServer } from './fake-server.ts';
import type { DeviceCommand } from './fake-server.ts';
import { createInstantMedia } from './instant-media.ts';

export interface FakePhoneOptions {
  /** Who has the phone. Default `me`. */
  readonly userId?: string;
  /** As in the options of a phone. Default true. */
  readonly callWaiting?: boolean;
  /** Default: a clock that stands still until the test moves it. */
  readonly clock?: FakeClock;
  /** The server's deadlines. */
  readonly deadlines?: Partial<Deadlines>;
  readonly logger?: Logger;
  /** As in the options of a phone. Default: a registry on `clock`. */
  readonly tubes?: Tubes;
  /** True: the user has another device, which `peer(call, userId)` plays. Default false. */
  readonly hasOtherDevice?: boolean;
}

/** Somebody else in a call, played by the test. What the rules refuse throws. */
export interface FakePeer {
  /** Their device rings: `dialing` turns `ringing`. */
  ring(): void;
  accept(): void;
  decline(): void;
  /** Leaves the call; of two, that ends it. With `everyone`, a moderator ends it for all. */
  hangUp(cause?: EndCause, options?: { readonly everyone?: boolean }): void;
  update(change: { held?: boolean; muted?: boolean; camera?: boolean }): void;
  /** Rings one more user, who is then played by `peer(call, userId)`. */
  invite(userId: string, role?: 'member' | 'guest'): void;
  /** Makes a user leave. */
  remove(userId: string): void;
  /** Asks a user's device to mute itself. */
  requestMute(userId: string): void;
  /** Leaves the call to a user, who rings; the phone waits (blind). */
  transfer(userId: string): void;
  /**
   * Leaves the call to a user with whom they talk in another one (attended). With `moves`, into that
   * other one: the phone's call moves there.
   */
  putThrough(userId: string, options?: { readonly moves?: boolean }): void;
  /** Their device is lost, or is back. */
  lose(): void;
  resume(): void;
}

/** A phone for the tests of an app, and what the test does to it. */
export interface FakePhone {
  readonly phone: Phone;
  readonly clock: FakeClock;
  /**
   * Somebody calls. Returns the call as `call.incoming` gave it; when the phone is dialing them, the
   * call that both now are in. @throws when offline, and when the phone does not show it.
   */
  ring(fromUserId: string, media?: Partial<MediaKinds>): Call;
  /** Somebody else in a call. Default: whom the call is with. */
  peer(call: Call, userId?: string): FakePeer;
  /** What is true of a user when called. Default: online. */
  setReach(userId: string, reach: 'online' | 'offline' | 'busy'): void;
  /** What the user answers when asked for the microphone. Default null: allowed. */
  setMicrophone(refused: EndCause | null): void;
  /** Loses the server, or finds it again. */
  setConnected(connected: boolean): void;
  /** The browser plays no sound before a gesture, or does. */
  setAudioBlocked(isBlocked: boolean): void;
  /** The DTMF that was sent, in all calls together. */
  sentDtmf(): string;
}

/**
 * A phone without a server, a network, a browser or time: the real phone and machine on the real
 * rules. Whatever the test does has happened when the promises have settled, and deadlines pass
 * when it moves the clock.
 *
 * @example
 * const fake = createFakePhone();
 * render(<App phone={fake.phone} />);
 * const call = fake.ring('alice');
 * call.accept();
 * fake.peer(call).hangUp();
 */
export function createFakePhone(options: FakePhoneOptions = {}): FakePhone {
  const {
    userId = 'me',
    callWaiting = true,
    clock = new FakeClock(),
    deadlines = {},
    logger = silentLogger,
    hasOtherDevice = false,
  } = options;
  const identity = { orgId: 'test', userId, deviceId: 'phone' };
  const random = seededRandom(1);
  const { tubes = new TubeRegistry({}, { clock, random, logger }) } = options;
  const engine = createInstantMedia();
  const server = new FakeServer(identity, clock, deadlines, (thrown, event) =>
    logger.error('a listener failed', { event, error: toError(thrown) }),
  );
  if (hasOtherDevice) server.otherDeviceIds = ['peer'];
  const phone = new ClientPhone({
    client: server,
    engine,
    ownsEngine: true,
    callWaiting,
    tuning: resolveCallTuning(),
    tubes,
    clock,
    random,
    logger,
  });

  const actorOf = (peerId: string): Actor => ({
    orgId: 'test',
    userId: peerId,
    deviceId: 'peer',
  });

  const dial = (from: string, to: string, media: MediaKinds): string => {
    const callId = uuidV7(clock, random);
    server.command(callId, actorOf(from), { type: 'call.dial', to: userAddress(to), media });
    return callId;
  };

  function createPeer(call: Call, peerId = call.peer.userId): FakePeer {
    const peer = actorOf(peerId);
    const command = (asked: DeviceCommand): void => server.command(call.id, peer, asked);
    const idOf = (other: string): string =>
      participantOfUser(server.facts(call.id)!, other)?.id ?? 'p0';
    return {
      ring: () => command({ type: 'call.ring' }),
      accept: () => command({ type: 'call.accept' }),
      decline: () => command({ type: 'call.decline' }),
      hangUp: (cause, { everyone } = {}) => command({ type: 'call.hang-up', cause, everyone }),
      update: (change) => command({ type: 'call.update', ...change }),
      invite: (other, role) => command({ type: 'call.invite', to: userAddress(other), role }),
      remove: (other) => command({ type: 'call.remove', participantId: idOf(other) }),
      requestMute: (other) => command({ type: 'call.request-mute', participantId: idOf(other) }),
      transfer: (other) => command({ type: 'call.transfer', to: userAddress(other) }),
      putThrough(other, { moves = false } = {}) {
        const second = dial(peerId, other, { audio: true, video: false });
        server.command(second, actorOf(other), { type: 'call.accept' });
        const [from, to] = moves ? [second, call.id] : [call.id, second];
        server.command(from, peer, { type: 'call.transfer', toCallId: to });
      },
      lose: () => server.system(call.id, { type: 'device.silent', ...peer }),
      resume: () => server.system(call.id, { type: 'device.resumed', ...peer }),
    };
  }

  return {
    phone,
    clock,
    ring(fromUserId, { audio = true, video = false } = {}) {
      const callId = dial(fromUserId, userId, { audio, video });
      const shown = server.facts(callId)?.call.movedTo ?? callId;
      const call = phone.calls.find(({ id }) => id === shown);
      if (call !== undefined) return call;
      throw new RingfenceError(
        'not_ringing',
        'unable to ring the phone; it does not take the call',
        {
          fault: 'caller',
          retryable: false,
          hint: 'Is it connected, does it take one more call, and may it be disturbed?',
        },
      );
    },
    peer: createPeer,
    setReach(reached, reach) {
      server.reach.set(reached, {
        deviceIds: reach === 'offline' ? [] : ['peer'],
        busy: reach === 'busy',
        settings: defaultSettings,
      });
    },
    setMicrophone(refused) {
      engine.microphone = refused;
    },
    setConnected(connected) {
      server.become(connected ? 'ready' : 'waiting');
    },
    setAudioBlocked: (isBlocked) => engine.block(isBlocked),
    sentDtmf: () => engine.dtmf,
  };
}
