import type { MediaControl, MediaReport } from '@ringfence/call-machine';
import type { MediaKinds } from '@ringfence/call-rules';
import type { IceServer } from '@ringfence/protocol';
import type { MediaEngine } from '../engine.ts';
import type { MediaSession } from '../session.ts';
import { calleeLeg, callerLeg } from './signal-pair.ts';
import type { SignalPair } from './signal-pair.ts';

/** One side of a call between two sessions, driven as the call machine drives it. */
export interface TestSide {
  readonly session: MediaSession;
  /** Everything the session reported, in order. */
  readonly reports: readonly MediaReport[];
  /** Changes some of what is sent; the rest stays as it was. */
  control(change: Partial<MediaControl>): void;
  connect(mediaEpoch: number): void;
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
  readonly iceServers?: () => Promise<readonly IceServer[]>;
}

/** Makes two sessions of one call and opens them. Nothing is captured or connected yet. */
export function createTestCall(options: TestCallOptions): TestCall {
  const caller = createSide(options, true);
  const callee = createSide(options, false);
  return {
    caller,
    callee,
    signals: options.signals,
    close() {
      caller.session.close();
      callee.session.close();
    },
  };
}

function createSide(options: TestCallOptions, isCaller: boolean): TestSide {
  const { callId, signals, kinds, iceServers = async () => [] } = options;
  const session = (isCaller ? options.caller : options.callee).session({
    callId,
    signals: isCaller ? signals.caller : signals.callee,
    iceServers,
  });
  const reports: MediaReport[] = [];
  let control: MediaControl = { muted: false, camera: kinds.video, held: false };
  session.open((report) => reports.push(report));
  session.control(control);
  return {
    session,
    reports,
    control(change) {
      control = { ...control, ...change };
      session.control(control);
    },
    connect(mediaEpoch) {
      session.connect({
        mediaEpoch,
        legId: isCaller ? callerLeg : calleeLeg,
        peerLegId: isCaller ? calleeLeg : callerLeg,
        polite: !isCaller,
      });
    },
  };
}
