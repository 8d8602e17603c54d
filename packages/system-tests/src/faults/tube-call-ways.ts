/*
 * Every way in which the tube of a real call can be made to fail, and the trace that each leaves.
 *
 * A way breaks what one phone is given (its ICE servers, its peer connections, its store) or what
 * its host does in the tube of its call. Nothing in here knows of any other phone.
 */
import type { Clock } from '@ringfence/base';
import { tubePolicy } from '@ringfence/isolation';
import type { Tube, TubeStatistics } from '@ringfence/isolation';
import type { FakePeerConnection } from '@ringfence/media/testing';
import type { Call, CallEvents } from '@ringfence/phone';
import type { IceServers } from '@ringfence/signaling-server';

type Grant = Awaited<ReturnType<IceServers>>;

/** What a failing phone left behind. */
export interface Seen {
  /** Of the tubes of its calls, after all was over. */
  readonly tubes: readonly TubeStatistics[];
  /** How many lines of its log match. */
  lines(pattern: RegExp): number;
}

/** What is done to one phone. Each hook is called where others are served as usual. */
export interface CallFault {
  /** Its ICE servers are asked for. */
  iceServers?(good: Grant): Promise<Grant>;
  /** A command of it is about to be written. Throws where it is not to be. */
  commit?(): void;
  /** The media session of a call of it is about to be made. */
  session?(): void;
  /** A peer connection of it is about to be made. */
  connect?(): void;
  /** A peer connection of it was made. */
  connection?(connection: FakePeerConnection): void;
  /** A call of it has begun. */
  call?(call: Call, tube: Tube): void;
  /** How often it was seen to do what it should; 0 when it left no trace. */
  trace(seen: Seen): number;
}

/** What a way works with. */
export interface FaultParts {
  readonly clock: Clock;
  /** It begins once the call has media. Where that makes no difference, it changes nothing. */
  readonly isLate: boolean;
}

const never = (): Promise<never> => new Promise(() => {});

function broken(): never {
  throw new Error('broken');
}

const reject = (): Promise<never> => Promise.reject(new Error('broken'));

/** Acts again and again, until told that there is no more to be done. */
function repeat(clock: Clock, everyMs: number, act: () => boolean): void {
  clock.setTimeout(() => {
    if (act()) repeat(clock, everyMs, act);
  }, everyMs);
}

/** Does something to a connection again and again, for as long as there is one. */
function repeatOn(
  clock: Clock,
  connection: FakePeerConnection,
  everyMs: number,
  act: () => void,
): void {
  repeat(clock, everyMs, () => {
    if (connection.signalingState === 'closed') return false;
    act();
    return true;
  });
}

/** An event of which nothing can be read. */
function poisoned(type: string, fields: readonly string[]): Event {
  const event = new Event(type);
  for (const field of fields) Object.defineProperty(event, field, { get: broken });
  return event;
}

const heard: readonly (keyof CallEvents)[] = [
  'call.changed',
  'participant.changed',
  'quality.changed',
  'stream.changed',
  'call.refused',
  'call.ended',
];

const faults = ({ tubes }: Seen): number => tubes.reduce((sum, { errors }) => sum + errors, 0);

const faultsOf =
  (source: RegExp) =>
  ({ tubes }: Seen): number => {
    const sources = tubes.flatMap(({ errorSources }) => Object.entries(errorSources));
    return sources.reduce((sum, [name, count]) => sum + (source.test(name) ? count : 0), 0);
  };

const turnFailures = ({ tubes }: Seen): number =>
  tubes.reduce((sum, { turn }) => sum + (turn?.failures ?? 0), 0);

const opens =
  (dependency: string) =>
  ({ tubes }: Seen): number =>
    tubes
      .flatMap(({ breakers }) => breakers)
      .reduce((sum, { name, circuitOpens }) => sum + (name === dependency ? circuitOpens : 0), 0);

const lines =
  (pattern: RegExp) =>
  (seen: Seen): number =>
    seen.lines(pattern);

/** The tube was closed over the head of its call. */
const endedInside = lines(/ ended .*"cause":"internal","by":"local"/);
const mediaFailed = lines(/ media .*media\.failed/);
/** So many faults close a tube. */
const { faultLimit } = tubePolicy();
const wild = (seen: Seen): number => (faults(seen) >= faultLimit ? endedInside(seen) : 0);

/** ICE servers that come in another way than they should, at once or from the first restart on. */
function badServers(serve: () => Promise<Grant>) {
  return ({ clock, isLate }: FaultParts): CallFault => {
    let asked = 0;
    return {
      iceServers: (good) => (isLate && asked++ === 0 ? Promise.resolve(good) : serve()),
      connection: (connection) =>
        repeatOn(clock, connection, 4_000, () => {
          // As a browser does with servers that it cannot read.
          connection.setConfiguration = broken;
          connection.turn('failed');
        }),
      trace: (seen) => turnFailures(seen) + seen.lines(/ICE servers (refused|not refreshed)/),
    };
  };
}

const nonsense = (iceServers: unknown) => (): Promise<Grant> =>
  Promise.resolve({ iceServers } as Grant);

/** Breaks the connections of a phone. */
const connections =
  (breakOne: (connection: FakePeerConnection, parts: FaultParts) => void, trace: Trace) =>
  (parts: FaultParts): CallFault => ({
    connection: (connection) => breakOne(connection, parts),
    trace,
  });

/** Has the host of a phone do something with each call. */
const hosts =
  (act: (call: Call, tube: Tube, parts: FaultParts) => void, trace: Trace) =>
  (parts: FaultParts): CallFault => ({
    call: (call, tube) => act(call, tube, parts),
    trace,
  });

type Trace = CallFault['trace'];

/** Refuses what the phone writes for a while, and asks for enough to notice. */
function refusingStore(): CallFault {
  let isRefusing = false;
  return {
    commit: () => {
      if (isRefusing) broken();
    },
    call(call, tube) {
      const after = (ms: number, act: () => void): void => void tube.clock.setTimeout(act, ms);
      // While nobody else does anything: any word of the server closes the breaker.
      after(10_200, () => {
        isRefusing = true;
        call.mute();
        // They wait behind the mute, which is sent again and again, until they expire.
        for (let each = 0; each < 6; each += 1) void call.invite(`user:nobody-${each}`);
      });
      after(11_400, () => void call.invite('user:nobody'));
      after(11_600, () => (isRefusing = false));
      tube.own(() => (isRefusing = false));
    },
    trace: (seen) => (opens('signaling')(seen) > 0 ? seen.lines(/breaker_open/) : 0),
  };
}

/** Makes more timers than any code should. */
function hoarding({ clock }: FaultParts): CallFault {
  let most = 0;
  return {
    call: (_call, tube) =>
      repeat(clock, 100, () => {
        for (let each = 0; each < 20; each += 1) tube.clock.setTimeout(broken, 3_600_000);
        most = Math.max(most, tube.size);
        return !tube.closed;
      }),
    trace: () => (most > 1_000 ? most : 0),
  };
}

export const callWays = {
  'a listener throws': hosts(
    (call) => {
      for (const name of heard) call.on(name, broken);
    },
    faultsOf(/^listener:/),
  ),

  'a listener rejects': hosts(
    (call) => {
      for (const name of heard) call.on(name, reject);
    },
    faultsOf(/^listener:/),
  ),

  'listeners throw without end': hosts((call) => {
    // There is a sample each second.
    for (let each = 0; each < faultLimit / 5; each += 1) call.on('quality.changed', broken);
  }, wild),

  'ICE servers are stuck': badServers(never),
  'ICE servers fail': badServers(reject),
  'ICE servers are corrupted': badServers(nonsense([{ urls: 7 }, null])),
  'ICE servers are none a browser knows': badServers(nonsense([{ urls: ['relay.example'] }])),

  'TURN fails without end': connections(
    (connection, { clock }) =>
      repeatOn(clock, connection, 200, () => {
        const fields = { url: 'turn:relay.example:3478', errorCode: 701 };
        connection.dispatchEvent(Object.assign(new Event('icecandidateerror'), fields));
      }),
    ({ tubes }) => tubes.reduce((sum, { turn }) => sum + (turn?.retirements ?? 0), 0),
  ),

  'a browser operation hangs': connections(
    (connection) => {
      connection.setLocalDescription = never;
    },
    lines(/ ended .*"failed"/),
  ),

  'a browser operation throws': connections((connection, { isLate }) => {
    if (isLate) connection.isBroken = true;
    else connection.setLocalDescription = broken;
  }, mediaFailed),

  'a connection throws in its events': connections(
    (connection, { clock }) =>
      repeatOn(clock, connection, 1_000, () => {
        connection.dispatchEvent(new Event('track'));
        connection.dispatchEvent(poisoned('icecandidate', ['candidate']));
        connection.dispatchEvent(poisoned('icecandidateerror', ['url']));
      }),
    faultsOf(/^(track|icecandidate|icecandidateerror)$/),
  ),

  'a transceiver throws': ({ clock }) => ({
    connection: (connection) => {
      clock.setTimeout(() => {
        const video = connection.getTransceivers().filter(({ kind }) => kind === 'video');
        for (const each of video) {
          Object.defineProperty(each, 'direction', { get: () => 'recvonly', set: broken });
        }
      }, 4_500);
    },
    // It is thrown when the camera has been opened, and nobody waits for that.
    call: (call, tube) => {
      tube.clock.setTimeout(() => call.setCamera(false), 4_000);
      tube.clock.setTimeout(() => call.setCamera(true), 7_000);
    },
    trace: faultsOf(/^capture$/),
  }),

  'no connection can be made': () => ({ connect: broken, trace: mediaFailed }),

  'statistics cannot be had': connections(
    (connection, { isLate }) => {
      connection.getStats = isLate ? () => Promise.resolve(null as never) : broken;
    },
    lines(/statistics not read/),
  ),

  'media is cut off for good': connections(
    (connection, { clock }) =>
      repeatOn(clock, connection, 5_000, () => {
        connection.isReachable = false;
        connection.turn('failed');
      }),
    mediaFailed,
  ),

  'tracks end without end': ({ clock }) => {
    let ended = 0;
    return {
      call: (call) =>
        repeat(clock, 500, () => {
          for (const track of call.localStream?.getTracks() ?? []) {
            track.stop();
            track.dispatchEvent(new Event('ended'));
            ended += 1;
          }
          return call.state !== 'ended';
        }),
      trace: () => (ended > 20 ? ended : 0),
    };
  },

  'no media session can be made': () => ({
    session: broken,
    // The call is over before anybody hears of it; there is a tube, and no word of media.
    trace: ({ tubes, lines: count }) => (count(/ media /) === 0 ? tubes.length : 0),
  }),

  'the store refuses its commands': refusingStore,

  'the host isolates its breakers': hosts(
    (_call, tube, { clock }) => {
      // Again and again: any word of the server closes the one to it.
      repeat(clock, 100, () => {
        for (const name of ['signaling', 'media', 'turn']) tube.breaker(name).isolate();
        return !tube.closed;
      });
    },
    lines(/ breaker\.opened /),
  ),

  'the host closes the tube': hosts((_call, tube, { clock }) => {
    clock.setTimeout(() => void tube.close(), 12_000);
  }, endedInside),

  'a timer of the host throws without end': hosts((_call, tube) => {
    const again = (): never => {
      tube.clock.setTimeout(again, 5);
      return broken();
    };
    tube.clock.setTimeout(again, 5_000);
  }, wild),

  'the host makes timers without end': hoarding,

  'what the host owns does not end': hosts(
    (_call, tube) => {
      tube.own(never);
      tube.own(broken);
      tube.own(reject);
    },
    faultsOf(/^close$/),
  ),
} satisfies Record<string, (parts: FaultParts) => CallFault>;

export type CallWay = keyof typeof callWays;

export const callWayNames = Object.keys(callWays) as readonly CallWay[];
