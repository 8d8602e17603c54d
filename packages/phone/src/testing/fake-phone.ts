import { RingfenceError, silentLogger, toError, uuidV7 } from '@ringfence/base';
import type { Logger } from '@ringfence/base';
import { FakeClock, seededRandom } from '@ringfence/base/testing';
import { resolveCallTuning } from '@ringfence/call-machine';
import { userAddress } from '@ringfence/call-rules';
import type { Actor, Deadlines, EndCause, MediaKinds } from '@ringfence/call-rules';
import type { Call } from '../call.ts';
import { ClientPhone } from '../phone.ts';
import type { Phone } from '../phone.ts';
import { FakeServer } from './fake-server.ts';
import type { DeviceCommand } from './fake-server.ts';
import { createInstantMedia } from './instant-media.ts';

export interface FakePhoneOptions {
  /** Who has the phone. Default `me`. */
  readonly userId?: string;
  /** Default: a clock that stands still until the test moves it. */
  readonly clock?: FakeClock;
  /** The server's deadlines. */
  readonly deadlines?: Partial<Deadlines>;
  readonly logger?: Logger;
}

/** The other side of a call, played by the test. What the rules refuse throws. */
export interface FakePeer {
  /** The peer's device rings: `dialing` turns `ringing`. */
  ring(): void;
  accept(): void;
  decline(): void;
  hangUp(cause?: EndCause): void;
  update(change: { held?: boolean; muted?: boolean; camera?: boolean }): void;
  /** The peer's device is lost, or is back. */
  lose(): void;
  resume(): void;
}

/** A phone for the tests of an app, and what the test does to it. */
export interface FakePhone {
  readonly phone: Phone;
  readonly clock: FakeClock;
  /** Somebody calls. Returns the call as `call.incoming` gave it. @throws when offline. */
  ring(fromUserId: string, media?: Partial<MediaKinds>): Call;
  /** The other side of a call. */
  peer(call: Call): FakePeer;
  /** What is true of a user when dialed. Default: online. */
  setReach(userId: string, reach: 'online' | 'offline' | 'busy'): void;
  /** What the user answers when asked for the microphone. Default null: allowed. */
  setMicrophone(refused: EndCause | null): void;
  /** Loses the server, or finds it again. */
  setConnected(connected: boolean): void;
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
  const { userId = 'me', clock = new FakeClock(), deadlines = {}, logger = silentLogger } = options;
  const identity = { orgId: 'test', userId, deviceId: 'phone' };
  const random = seededRandom(1);
  const engine = createInstantMedia();
  const server = new FakeServer(identity, clock, deadlines, (thrown, event) =>
    logger.error('a listener failed', { event, error: toError(thrown) }),
  );
  const phone = new ClientPhone({
    client: server,
    engine,
    ownsEngine: true,
    tuning: resolveCallTuning(),
    clock,
    random,
    logger,
  });

  /** Media of the peer is there as soon as the call is answered. */
  function settlePeer(callId: string, peer: Actor): void {
    const facts = server.facts(callId);
    if (facts?.call.state !== 'connecting') return;
    const { mediaEpoch } = facts.call;
    server.command(callId, peer, { type: 'call.media', mediaEpoch, connected: true });
  }

  function createPeer(call: Call): FakePeer {
    const peer: Actor = { orgId: 'test', userId: call.peer.userId, deviceId: 'peer' };
    const command = (asked: DeviceCommand): void => {
      server.command(call.id, peer, asked);
      settlePeer(call.id, peer);
    };
    return {
      ring: () => command({ type: 'call.ring' }),
      accept: () => command({ type: 'call.accept' }),
      decline: () => command({ type: 'call.decline' }),
      hangUp: (cause) => command({ type: 'call.hang-up', ...(cause && { cause }) }),
      update: (change) => command({ type: 'call.update', ...change }),
      lose: () => server.system(call.id, { type: 'device.silent', ...peer }),
      resume: () => server.system(call.id, { type: 'device.resumed', ...peer }),
    };
  }

  return {
    phone,
    clock,
    ring(fromUserId, media = {}) {
      const callId = uuidV7(clock, random);
      const peer: Actor = { orgId: 'test', userId: fromUserId, deviceId: 'peer' };
      const { audio = true, video = false } = media;
      server.command(callId, peer, {
        type: 'call.dial',
        to: userAddress(userId),
        media: { audio, video },
      });
      const call = phone.calls.find(({ id }) => id === callId);
      if (call === undefined) {
        throw new RingfenceError('not_ringing', 'unable to ring the phone; it is not connected', {
          fault: 'caller',
          retryable: false,
          hint: 'Call setConnected(true) first.',
        });
      }
      call.on('call.changed', () => settlePeer(callId, peer));
      // A listener of the app may have accepted already.
      settlePeer(callId, peer);
      return call;
    },
    peer: createPeer,
    setReach(reached, reach) {
      server.reach.set(reached, {
        deviceIds: reach === 'offline' ? [] : ['peer'],
        busy: reach === 'busy',
        callerBusy: false,
      });
    },
    setMicrophone(refused) {
      engine.microphone = refused;
    },
    setConnected(connected) {
      server.become(connected ? 'ready' : 'waiting');
    },
  };
}
