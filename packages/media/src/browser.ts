import { RingfenceError } from '@ringfence/base';

/**
 * The port to what a browser offers for media. The session code touches nothing else of the page,
 * so it runs in Node on a fake, and importing this package reads no browser global.
 */
export interface Browser {
  /** A new peer connection (W3C WebRTC section 4.4). */
  createPeerConnection(configuration: RTCConfiguration): RTCPeerConnection;
  /** A new stream without tracks. */
  createStream(): MediaStream;
  /**
   * Opens devices (W3C Media Capture section 9.2).
   *
   * @throws what the browser throws, and {@link RingfenceError} `capture_unavailable` on a page
   * that has no `mediaDevices`.
   */
  getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream>;
}

/** The browser this page runs in. Its globals are read when a method is called, never before. */
export const pageBrowser: Browser = {
  createPeerConnection: (configuration) => new globalThis.RTCPeerConnection(configuration),
  createStream: () => new globalThis.MediaStream(),
  getUserMedia: async (constraints) => {
    const devices = (globalThis.navigator as Navigator | undefined)?.mediaDevices as
      MediaDevices | undefined;
    if (devices === undefined) {
      throw new RingfenceError(
        'capture_unavailable',
        'unable to use microphone or camera; the page has no mediaDevices',
        {
          fault: 'caller',
          retryable: false,
          hint: 'Serve the page over HTTPS or from localhost.',
        },
      );
    }
    return devices.getUserMedia(constraints);
  },
};
