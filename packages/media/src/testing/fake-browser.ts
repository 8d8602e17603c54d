import { delay, randomInteger } from '@ringfence/base';
import type { Clock, Random } from '@ringfence/base';
import type { Browser } from '../browser.ts';
import type { MediaKind } from '../capture.ts';
import { FakePeerConnection } from './fake-peer-connection.ts';
import type { FakeNetwork } from './fake-statistics.ts';
import { FakeDevice, FakeStream } from './fake-track.ts';

export interface FakeBrowserOptions {
  /** How long a prompt for devices stands, milliseconds. Default 2. */
  readonly captureMs?: number;
  /**
   * When each ICE candidate is found after a description, milliseconds. Default two at once, then
   * one at 35 and one at 70, as host, server reflexive and relayed candidates come.
   */
  readonly candidatesAfterMs?: readonly number[];
  /** From the peer's first candidate to a connection that stands, milliseconds. Default 30. */
  readonly connectMs?: number;
  /**
   * The longest an operation of a connection takes, milliseconds. Each takes a random time up to
   * it. Default 0: operations end within the promises they make.
   */
  readonly operationMs?: number;
}

export interface FakeBrowserCollaborators {
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * A browser without a browser: devices, streams and peer connections that keep the rules of the
 * standards as far as sessions depend on them, on a clock and chance of their own.
 */
export class FakeBrowser implements Browser {
  readonly microphone = new FakeDevice('audio', 'microphone');
  readonly camera = new FakeDevice('video', 'camera');
  /** Every connection made, in order. Closed ones too. */
  readonly connections: FakePeerConnection[] = [];
  /** The constraints of each call of `getUserMedia`, in order. */
  readonly asked: MediaStreamConstraints[] = [];
  /** The name of the error that opening a kind of device ends with, for as long as it is set. */
  readonly refusals = new Map<MediaKind, string>();
  /** What statistics tell of the network. */
  readonly network: FakeNetwork = { roundTripMs: 40, jitterMs: 4, lossPercent: 0 };
  readonly #options: Required<FakeBrowserOptions>;
  readonly #with: FakeBrowserCollaborators;
  #ids = 0;

  constructor(options: FakeBrowserOptions, collaborators: FakeBrowserCollaborators) {
    this.#options = {
      captureMs: options.captureMs ?? 2,
      candidatesAfterMs: options.candidatesAfterMs ?? [0, 0, 35, 70],
      connectMs: options.connectMs ?? 30,
      operationMs: options.operationMs ?? 0,
    };
    this.#with = collaborators;
  }

  /** How many tracks of its devices are live. Zero says that nothing was leaked. */
  get liveTracks(): number {
    return this.microphone.tracks.size + this.camera.tracks.size;
  }

  /** The connections that are not closed. */
  get openConnections(): readonly FakePeerConnection[] {
    return this.connections.filter((each) => each.connectionState !== 'closed');
  }

  createPeerConnection(configuration: RTCConfiguration): RTCPeerConnection {
    for (const { urls } of configuration.iceServers ?? []) {
      for (const url of [urls].flat()) {
        if (!/^(stun|turn)s?:/.test(url)) throw new DOMException(url, 'SyntaxError');
      }
    }
    const { clock, random } = this.#with;
    const { candidatesAfterMs, connectMs, operationMs } = this.#options;
    const connection = new FakePeerConnection(configuration, {
      clock,
      network: this.network,
      candidatesAfterMs,
      connectMs,
      operationMs: () => (operationMs === 0 ? 0 : randomInteger(random, operationMs + 1)),
      mintId: () => random.uint32().toString(36).padStart(7, '0'),
    });
    this.connections.push(connection);
    // It has what sessions use of a peer connection, and no more.
    return connection as unknown as RTCPeerConnection;
  }

  createStream(): MediaStream {
    this.#ids += 1;
    return new FakeStream(`stream-${this.#ids}`) as unknown as MediaStream;
  }

  async getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream> {
    this.asked.push(constraints);
    const kinds: MediaKind[] = [];
    if (constraints.audio) kinds.push('audio');
    if (constraints.video) kinds.push('video');
    if (kinds.length === 0) throw new TypeError('at least one kind must be asked for');
    await delay(this.#with.clock, this.#options.captureMs);
    for (const kind of kinds) {
      const refusal = this.refusals.get(kind);
      if (refusal !== undefined) throw new DOMException(`${kind} refused`, refusal);
    }
    const tracks = kinds.map((kind) =>
      (kind === 'audio' ? this.microphone : this.camera).createTrack(),
    );
    this.#ids += 1;
    return new FakeStream(`stream-${this.#ids}`, tracks) as unknown as MediaStream;
  }
}
