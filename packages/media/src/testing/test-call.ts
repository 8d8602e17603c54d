import type { Clock } from '@ringfence/base';
import type { MediaControl, MediaReport } from '@ringfence/call-machine';
import type { MediaKinds } from '@ringfence/call-rules';
import { Tube } from '@ringfence/isolation';
import type { IceServer } from '@ringfence/protocol';
import type { MediaEngine } from '../engine.ts';
import type { MediaSession, SignalChannel } from '../media-session.ts';
import { calleeLeg, callerLeg } from './signal-pair.ts';
import type { SignalPair } from './signal-pair.ts';

/** One leg of a call between sessions, driven as the call machine drives it. */
export interface TestSide {
  readonly legId: string;
  readonly session: MediaSession;
  readonly tube: Tube;
  /** Everything the session reported, in order. */
  readonly reports: readonly MediaReport[];
  /** Changes some of what is sent; the rest stays as it was. */
  control(change: Partial<MediaControl>): void;
  /** Connects to another leg; in a call of two, to the other one. The later leg is polite. */
  connect(mediaEpoch: number, peerLegId?: string): void;
}

export interface TestSideOptions {
  readonly callId: string;
  readonly legId: string;
  /** The leg that {@link TestSide.connect} connects to when it is not told. */
  readonly peerLegId?: string;
  readonly engine: MediaEngine;
  readonly signals: SignalChannel;
  readonly kinds: MediaKinds;
  readonly iceServers?: (() => Promise<readonly IceServer[]>) | undefined;
  /** On the clock of the engine. */
  readonly tube: Tube;
}

/** Makes a session and opens it. Nothing is captured or connected yet. */
export function createTestSide(options: TestSideOptions): TestSide {
  const { callId, legId, engine, signals, kinds, tube, iceServers = async () => [] } = options;
  const session = engine.session({ callId, signals, iceServers, tube });
  const reports: MediaReport[] = [];
  let control: MediaControl = { muted: false, camera: kinds.video, held: false, heldBy: [] };
  session.open((report) => reports.push(report));
  session.control(control);
  return {
    legId,
    session,
    tube,
    reports,
    control(change) {
      control = { ...control, ...change };
      session.control(control);
    },
    connect(mediaEpoch, peerLegId = options.peerLegId ?? '') {
      session.connect({ mediaEpoch, legId, peerLegId, polite: legId > peerLegId });
    },
  };
}

export interface TestCall {
  readonly caller: TestSide;
  readonly callee: TestSide;
  readonly signals: SignalPair;
  close(): void;
}

export interface TestCallOptions {
  readonly callId: string;
  readonly caller: MediaEngine;
  readonly callee: MediaEngine;
  readonly signals: SignalPair;
  readonly kinds: MediaKinds;
  /** Of the engines. */
  readonly clock: Clock;
  readonly iceServers?: () => Promise<readonly IceServer[]>;
}

/** Makes two sessions of one call and opens them. Nothing is captured or connected yet. */
export function createTestCall(options: TestCallOptions): TestCall {
  const { callId, clock, signals, kinds, iceServers } = options;
  const common = { callId, kinds, iceServers };
  const caller = createTestSide({
    ...common,
    legId: callerLeg,
    peerLegId: calleeLeg,
    engine: options.caller,
    tube: new Tube(callerLeg, { clock }),
    signals: signals.caller,
  });
  const callee = createTestSide({
    ...common,
    legId: calleeLeg,
    peerLegId: callerLeg,
    engine: options.callee,
    tube: new Tube(calleeLeg, { clock }),
    signals: signals.callee,
  });
  return {
    caller,
    callee,
    signals,
    close() {
      void caller.tube.close();
      void callee.tube.close();
    },
  };
}
