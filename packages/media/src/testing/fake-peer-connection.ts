/*
 * A peer connection without a network. It keeps the rules that sessions depend on (W3C WebRTC
 * section 4.4, RFC 8829): the operations chain, the signaling states with implicit rollback, when
 * negotiation is needed, which transceivers an offer takes up, when candidates fit.
 *
 * It knows its peer by descriptions and candidates alone. It connects when both descriptions stand
 * and a candidate of the peer's current generation has come.
 */
import type { Clock, TimerHandle } from '@ringfence/base';
import type { MediaKind } from '../capture.ts';
import { intersected, readSdp, receives, reversed, sends, writeSdp } from './fake-sdp.ts';
import type { Direction, FakeDescription } from './fake-sdp.ts';
import { fakeStatistics } from './fake-statistics.ts';
import type { FakeNetwork } from './fake-statistics.ts';
import { FakeTransceiver } from './fake-transceiver.ts';
import type { FakeTrack } from './fake-track.ts';

/** What a connection takes from its browser. */
export interface PeerConnectionHost {
  readonly clock: Clock;
  readonly network: FakeNetwork;
  /** When each candidate is found, counted from the description; milliseconds. */
  readonly candidatesAfterMs: readonly number[];
  /** From the first candidate of the peer to `connected`; milliseconds. */
  readonly connectMs: number;
  /** How long the next operation of the chain takes; zero for none. */
  operationMs(): number;
  mintId(): string;
}

interface Description {
  readonly type: RTCSdpType;
  readonly sdp: string;
}

interface Stored extends Description {
  readonly read: FakeDescription;
}

interface Saved {
  readonly transceivers: readonly FakeTransceiver[];
  readonly mids: readonly (string | null)[];
}

const fault = (name: string, message: string): DOMException => new DOMException(message, name);

export class FakePeerConnection extends EventTarget {
  signalingState: RTCSignalingState = 'stable';
  connectionState: RTCPeerConnectionState = 'new';
  configuration: RTCConfiguration;
  /** False: candidates lead nowhere, and the connection never comes to stand. */
  isReachable = true;
  /** True: it refuses every description of the peer. */
  isBroken = false;
  readonly #host: PeerConnectionHost;
  readonly #sessionId: string;
  readonly #connectedFor = { sinceMs: 0, totalMs: 0 };
  #version = 0;
  #ufrag: string;
  #gathered = '';
  #restarts = false;
  #chain: (() => Promise<void>)[] = [];
  #isNegotiationNeeded = false;
  #transceivers: FakeTransceiver[] = [];
  #saved: Saved | null = null;
  #current: { local: Stored; remote: Stored } | null = null;
  #pendingLocal: Stored | null = null;
  #pendingRemote: Stored | null = null;
  readonly #candidatesOf = new Set<string>();
  readonly #timers = new Set<TimerHandle>();
  #connecting = '';
  #nextMid = 0;
  readonly #receiving = new Set<FakeTransceiver>();

  constructor(configuration: RTCConfiguration, host: PeerConnectionHost) {
    super();
    this.configuration = configuration;
    this.#host = host;
    this.#sessionId = host.mintId();
    this.#ufrag = host.mintId();
  }

  get localDescription(): Description | null {
    return this.#pendingLocal ?? this.#current?.local ?? null;
  }

  get remoteDescription(): Description | null {
    return this.#pendingRemote ?? this.#current?.remote ?? null;
  }

  /** The ICE generations in use, own and the peer's; for assertions that both sides agree. */
  get generation(): { readonly local: string; readonly remote: string } | null {
    if (this.#current === null) return null;
    return { local: this.#current.local.read.ufrag, remote: this.#current.remote.read.ufrag };
  }

  addTransceiver(kind: MediaKind, init: { direction?: Direction } = {}): FakeTransceiver {
    this.#assertOpen();
    const transceiver = this.#createTransceiver(kind, init.direction ?? 'sendrecv', true);
    this.#needNegotiation();
    return transceiver;
  }

  getTransceivers(): FakeTransceiver[] {
    return [...this.#transceivers];
  }

  setConfiguration(configuration: RTCConfiguration): void {
    this.#assertOpen();
    this.configuration = configuration;
  }

  restartIce(): void {
    this.#restarts = true;
    this.#needNegotiation();
  }

  setLocalDescription(): Promise<void> {
    return this.#chained(() => {
      if (this.signalingState === 'have-remote-offer') this.#answer();
      else this.#offer();
    });
  }

  setRemoteDescription(description: Description): Promise<void> {
    return this.#chained(() => {
      if (this.isBroken) throw fault('OperationError', 'the browser refuses the description');
      const stored = { ...description, read: readSdp(description.sdp) };
      if (description.type === 'answer') this.#takeAnswer(stored);
      else this.#takeOffer(stored);
    });
  }

  addIceCandidate(candidate: RTCIceCandidateInit): Promise<void> {
    return this.#chained(() => {
      const remotes = [this.#pendingRemote, this.#current?.remote];
      if (remotes.every((remote) => !remote)) {
        throw fault('InvalidStateError', 'no remote description yet');
      }
      const ufrag = candidate.usernameFragment ?? '';
      if (!remotes.some((remote) => remote?.read.ufrag === ufrag)) {
        throw fault('OperationError', 'the candidate belongs to no description');
      }
      this.#candidatesOf.add(ufrag);
      this.#tryToConnect();
    });
  }

  async getStats(): Promise<RTCStatsReport> {
    this.#assertOpen();
    const { sinceMs, totalMs } = this.#connectedFor;
    const isConnected = this.connectionState === 'connected';
    const runningMs = isConnected ? this.#host.clock.monotonic() - sinceMs : 0;
    return fakeStatistics({
      at: this.#host.clock.now(),
      connectedMs: totalMs + runningMs,
      network: this.#host.network,
      streams: this.#transceivers.map(({ kind, currentDirection, sender }) => ({
        kind,
        isSending: sender.track !== null && sends(currentDirection ?? 'inactive'),
        isReceiving: receives(currentDirection ?? 'inactive'),
      })),
    });
  }

  close(): void {
    if (this.signalingState === 'closed') return;
    // The standard fires no event for a close of one's own.
    this.signalingState = 'closed';
    this.connectionState = 'closed';
    for (const timer of this.#timers) this.#host.clock.clearTimeout(timer);
    this.#timers.clear();
    this.#chain = [];
    for (const { receiver } of this.#transceivers) receiver.track.stop();
  }

  /** The network does this to it. `connected` also heals what `isReachable` broke. */
  turn(state: 'connected' | 'disconnected' | 'failed'): void {
    if (state === 'connected') this.isReachable = true;
    this.#setConnectionState(state);
  }

  #assertOpen(): void {
    if (this.signalingState === 'closed') {
      throw fault('InvalidStateError', 'the connection is closed');
    }
  }

  #createTransceiver(kind: MediaKind, direction: Direction, isOwn: boolean): FakeTransceiver {
    const connectionState = (): RTCPeerConnectionState => this.connectionState;
    const transceiver = new FakeTransceiver(kind, direction, isOwn, {
      get connectionState() {
        return connectionState();
      },
      chain: (step) => this.#chained(step),
      needsNegotiation: () => this.#needNegotiation(),
      after: (ms, callback) => this.#after(ms, callback),
    });
    this.#transceivers.push(transceiver);
    return transceiver;
  }

  /** The operations chain (section 4.4.1.2): one after another, each as long as its host says. */
  #chained<Result>(step: () => Result): Promise<Result> {
    if (this.signalingState === 'closed') {
      return Promise.reject(fault('InvalidStateError', 'the connection is closed'));
    }
    return new Promise((resolve, reject) => {
      const run = async (): Promise<void> => {
        await this.#pass(this.#host.operationMs());
        // After close() an operation settles no more, as in browsers.
        if (this.signalingState === 'closed') return;
        try {
          resolve(step());
        } catch (thrown) {
          reject(thrown as Error);
        }
        this.#chain.shift();
        const next = this.#chain[0];
        if (next === undefined) this.#considerNegotiation();
        else void next();
      };
      this.#chain.push(run);
      if (this.#chain.length === 1) void run();
    });
  }

  #pass(ms: number): Promise<void> {
    return ms === 0 ? Promise.resolve() : new Promise((resolve) => this.#after(ms, resolve));
  }

  #after(ms: number, callback: () => void): void {
    const timer = this.#host.clock.setTimeout(() => {
      this.#timers.delete(timer);
      callback();
    }, ms);
    this.#timers.add(timer);
  }

  #offer(): void {
    if (this.signalingState === 'have-local-offer' || this.signalingState === 'stable') {
      this.#save();
      if (this.#restarts) this.#ufrag = this.#host.mintId();
      for (const transceiver of this.#transceivers) {
        transceiver.mid ??= String(this.#nextMid++);
      }
      this.#pendingLocal = this.#describe('offer', (transceiver) => transceiver.direction);
      this.#setSignalingState('have-local-offer');
      this.#gather();
      return;
    }
    throw fault('InvalidStateError', `no offer in ${this.signalingState}`);
  }

  #answer(): void {
    const remote = this.#pendingRemote!;
    const isRestart =
      this.#current !== null && remote.read.ufrag !== this.#current.remote.read.ufrag;
    if (isRestart || this.#restarts) this.#ufrag = this.#host.mintId();
    const local = this.#describe('answer', (transceiver) =>
      intersected(transceiver.direction, this.#offered(remote, transceiver)),
    );
    this.#settleOn(local, remote);
    this.#gather();
  }

  #takeOffer(stored: Stored): void {
    if (this.signalingState === 'have-local-offer') this.#rollBack();
    if (this.signalingState !== 'stable') {
      throw fault('InvalidStateError', `no remote offer in ${this.signalingState}`);
    }
    this.#save();
    for (const { kind, mid } of stored.read.sections) {
      if (this.#transceivers.some((transceiver) => transceiver.mid === mid)) continue;
      const free = this.#transceivers.find(
        (each) => each.kind === kind && each.mid === null && !each.isOwn,
      );
      const transceiver = free ?? this.#createTransceiver(kind, 'recvonly', false);
      transceiver.mid = mid;
      this.#nextMid = Math.max(this.#nextMid, Number(mid) + 1);
    }
    this.#pendingRemote = stored;
    this.#setSignalingState('have-remote-offer');
    this.#fireTracks(stored);
  }

  #takeAnswer(stored: Stored): void {
    const local = this.#pendingLocal;
    if (this.signalingState !== 'have-local-offer' || local === null) {
      throw fault('InvalidStateError', `no remote answer in ${this.signalingState}`);
    }
    this.#settleOn(local, stored);
    this.#fireTracks(stored);
  }

  #settleOn(local: Stored, remote: Stored): void {
    // A restart is done when the own credentials were replaced.
    if (this.#current?.local.read.ufrag !== local.read.ufrag) this.#restarts = false;
    this.#current = { local, remote };
    this.#pendingLocal = null;
    this.#pendingRemote = null;
    this.#saved = null;
    const answer = local.type === 'answer' ? local : remote;
    for (const transceiver of this.#transceivers) {
      const section = answer.read.sections.find(({ mid }) => mid === transceiver.mid);
      if (section === undefined) continue;
      const { direction } = section;
      transceiver.currentDirection = answer === local ? direction : reversed(direction);
    }
    this.#setSignalingState('stable');
    this.#considerNegotiation();
    this.#tryToConnect();
  }

  #save(): void {
    this.#saved ??= {
      transceivers: [...this.#transceivers],
      mids: this.#transceivers.map(({ mid }) => mid),
    };
  }

  #rollBack(): void {
    const saved = this.#saved!;
    this.#saved = null;
    this.#pendingLocal = null;
    saved.transceivers.forEach((transceiver, index) => {
      transceiver.mid = saved.mids[index]!;
    });
    if (this.#current !== null) this.#ufrag = this.#current.local.read.ufrag;
    this.#setSignalingState('stable');
  }

  #describe(type: 'offer' | 'answer', direct: (of: FakeTransceiver) => Direction): Stored {
    const sections = this.#transceivers
      .filter((transceiver) => transceiver.mid !== null)
      .map((transceiver) => ({
        kind: transceiver.kind,
        mid: transceiver.mid!,
        direction: direct(transceiver),
      }));
    const read: FakeDescription = {
      sessionId: this.#sessionId,
      version: (this.#version += 1),
      ufrag: this.#ufrag,
      streamId: `stream-${this.#sessionId}`,
      sections,
    };
    return { type, sdp: writeSdp(read), read };
  }

  /** What the peer's offer says of a transceiver, from our view. */
  #offered(remote: Stored, transceiver: FakeTransceiver): Direction {
    const section = remote.read.sections.find(({ mid }) => mid === transceiver.mid);
    return section === undefined ? 'inactive' : reversed(section.direction);
  }

  /** Section 4.4.1.5: `track` fires when the peer starts to send on a transceiver. */
  #fireTracks(remote: Stored): void {
    for (const transceiver of this.#transceivers) {
      const isReceived = receives(this.#offered(remote, transceiver));
      if (!isReceived) this.#receiving.delete(transceiver);
      else if (!this.#receiving.has(transceiver)) {
        this.#receiving.add(transceiver);
        const track: FakeTrack = transceiver.receiver.track;
        this.#dispatch('track', { track, transceiver, streams: [] });
      }
    }
  }

  #needNegotiation(): void {
    if (this.#chain.length === 0) this.#considerNegotiation();
  }

  /** Section 4.7.3: asks again when the event is about to fire, and fires once. */
  #considerNegotiation(): void {
    if (this.#isNegotiationNeeded || !this.#mustNegotiate()) return;
    this.#isNegotiationNeeded = true;
    void Promise.resolve().then(() => {
      this.#isNegotiationNeeded = false;
      if (this.#chain.length === 0 && this.#mustNegotiate()) this.#dispatch('negotiationneeded');
    });
  }

  #mustNegotiate(): boolean {
    if (this.signalingState !== 'stable') return false;
    if (this.#restarts && this.#current !== null) return true;
    return this.#transceivers.some((transceiver) => {
      if (transceiver.mid === null) return true;
      const current = this.#current;
      if (current === null) return false;
      const { local, remote } = current;
      const said = local.read.sections.find(({ mid }) => mid === transceiver.mid)?.direction;
      const offered = this.#offered(remote, transceiver);
      if (local.type === 'answer') return said !== intersected(transceiver.direction, offered);
      return said !== transceiver.direction && offered !== transceiver.direction;
    });
  }

  #gather(): void {
    if (this.#gathered === this.#ufrag) return;
    this.#gathered = this.#ufrag;
    const ufrag = this.#ufrag;
    this.#host.candidatesAfterMs.forEach((ms, index) => {
      this.#after(ms, () => {
        const kind = index < 2 ? 'host' : 'srflx raddr 10.0.0.7 rport 9';
        const candidate = {
          candidate: `candidate:${index + 1} 1 udp ${2_130_706_431 - index} 192.0.2.${index + 1} ${50_000 + index} typ ${kind} ufrag ${ufrag}`,
          sdpMid: '0',
          sdpMLineIndex: 0,
          usernameFragment: ufrag,
        };
        this.#dispatch('icecandidate', { candidate });
      });
    });
    const lastMs = Math.max(0, ...this.#host.candidatesAfterMs);
    this.#after(lastMs, () => this.#dispatch('icecandidate', { candidate: null }));
  }

  #tryToConnect(): void {
    if (this.#current === null || this.signalingState === 'closed' || !this.isReachable) return;
    const { local, remote } = this.#current;
    const pair = `${local.read.ufrag}/${remote.read.ufrag}`;
    if (!this.#candidatesOf.has(remote.read.ufrag) || this.#connecting === pair) return;
    this.#connecting = pair;
    if (this.connectionState !== 'connected') this.#setConnectionState('connecting');
    this.#after(this.#host.connectMs, () => {
      if (this.isReachable && this.#connecting === pair) this.#setConnectionState('connected');
    });
  }

  #setSignalingState(state: RTCSignalingState): void {
    if (state === this.signalingState) return;
    this.signalingState = state;
    this.#dispatch('signalingstatechange');
  }

  #setConnectionState(state: RTCPeerConnectionState): void {
    if (state === this.connectionState || this.signalingState === 'closed') return;
    const now = this.#host.clock.monotonic();
    if (this.connectionState === 'connected') {
      this.#connectedFor.totalMs += now - this.#connectedFor.sinceMs;
    }
    if (state === 'connected') this.#connectedFor.sinceMs = now;
    this.connectionState = state;
    this.#dispatch('connectionstatechange');
  }

  #dispatch(type: string, fields: object = {}): void {
    if (this.signalingState === 'closed') return;
    this.dispatchEvent(Object.assign(new Event(type), fields));
  }
}
