import type { Accept } from '../simulator/network.ts';
import { World } from '../simulator/world.ts';

export type Side = 'caller' | 'callee';

/** A frame that the server sent. */
interface SentOn {
  readonly to: Side;
  readonly text: string;
}

/** A frame that a client sent, and what the server sent because of it. */
interface Step {
  readonly from: Side;
  readonly text: string;
  readonly sentOn: readonly SentOn[];
}

/** What the relay does: for each side, for each frame that side sends, the frames that follow. */
export type RelayScript = Readonly<
  Record<Side, readonly (readonly { readonly to: Side; readonly frame: unknown }[])[]>
>;

/** All frames of one call between two phones, in the order the server saw them. */
export interface Recording {
  readonly steps: readonly Step[];
  readonly commands: number;
}

/** A beat belongs to its connection, not to a call. */
export const isBeat = (text: string): boolean => /^\{"(?:notice|event)":"beat"/.test(text);
/** The requests that change a call; the others read, or change a user's settings. */
const isCommand = (text: string): boolean =>
  /"request":"call\.(?!sync"|ice-servers")[a-z-]+"/.test(text);

/** How many of the frames are commands. */
export function countCommands(frames: readonly string[]): number {
  return frames.filter(isCommand).length;
}

/**
 * Records one whole call, dial to ended, on virtual time: what each side sent and when, and what
 * our server sent for it. The media takes its time as in `talkTimes`.
 */
export async function recordCall(talk: TalkTimes): Promise<Recording> {
  const steps: (Step & { sentOn: SentOn[] })[] = [];
  let current: { sentOn: SentOn[] } | undefined;
  let isRecording = false;
  const wrapAccept =
    (accept: Accept): Accept =>
    (socket, info) => {
      const side: Side = info.address.startsWith('caller') ? 'caller' : 'callee';
      const events = accept(
        {
          bufferedBytes: 0,
          send(text) {
            if (isRecording && !isBeat(text)) {
              if (current === undefined) throw new Error(`nothing caused ${text}`);
              current.sentOn.push({ to: side, text });
            }
            socket.send(text);
          },
          close: (code, reason) => socket.close(code, reason),
        },
        info,
      );
      return {
        ...events,
        message(text) {
          if (isRecording && !isBeat(text)) {
            const step = { from: side, text, sentOn: [] };
            steps.push(step);
            current = step;
          }
          events.message(text);
        },
      };
    };
  const world = new World({
    seed: 1,
    devices: [
      { name: 'caller', userId: 'caller' },
      { name: 'callee', userId: 'callee' },
    ],
    latency: { longestMs: 0, jitterMs: 0 },
    media: talk.media,
    wrapAccept,
  });
  const [caller, callee] = world.stations.map(({ phone }) => phone) as [
    World['stations'][number]['phone'],
    World['stations'][number]['phone'],
  ];
  if (!(await world.until(() => caller.state === 'ready' && callee.state === 'ready', 5_000))) {
    throw new Error('unable to record a call; the phones are not ready');
  }
  callee.on('call.incoming', (call) => call.accept());
  isRecording = true;
  const dialed = await world.finish(
    caller.dial('user:callee', { audio: true, video: true }),
    1_000,
  );
  const call = dialed!.value;
  await world.until(() => call.state === 'active' && callee.calls[0]?.state === 'active', 20_000);
  await world.advance(talk.talkMs);
  call.hangUp();
  await world.until(() => caller.calls.length === 0 && callee.calls.length === 0, 10_000);
  if (call.end?.reason !== 'completed') {
    throw new Error(`unable to record a call; it ended ${call.end?.reason}`);
  }
  await world.advance(100);
  isRecording = false;
  await world.finish(Promise.all([caller.close(), callee.close()]), 10_000);
  await world.finish(world.server.close(), 10_000);
  return { steps, commands: countCommands(steps.map(({ text }) => text)) };
}

/** How long things take in the calls of the benchmark, recorded and real alike. */
export interface TalkTimes {
  /** From `active` on both sides to the hang-up. */
  readonly talkMs: number;
  readonly media: {
    readonly captureMs: number;
    readonly candidatesAfterMs: readonly number[];
    readonly connectMs: number;
  };
}

/** The recording as the relay wants it. */
export function relayScript({ steps }: Recording): RelayScript {
  const of = (side: Side) =>
    steps
      .filter(({ from }) => from === side)
      .map(({ sentOn }) =>
        sentOn.map(({ to, text }) => ({ to, frame: JSON.parse(text) as unknown })),
      );
  return { caller: of('caller'), callee: of('callee') };
}
