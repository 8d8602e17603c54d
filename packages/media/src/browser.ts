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
   * @throws what the browser throws; `SecurityError` on a page that has no `mediaDevices`, because
   * it was served over plain HTTP.
   */
  getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream>;
  /** Lists devices (W3C Media Capture section 9.2). None on a page that has no `mediaDevices`. */
  enumerateDevices(): Promise<readonly MediaDeviceInfo[]>;
  /** Tells when a device comes or goes. Returns the function that stops it. */
  onDeviceChange(listener: () => void): () => void;
  /** A new audio element that is not attached to the page. */
  createAudio(): HTMLAudioElement;
  /**
   * Tells of gestures of the user that allow sound to start (HTML section 6.4.1), anywhere on the
   * page. Returns the function that stops it.
   */
  onGesture(listener: () => void): () => void;
}

const mediaDevices = (): MediaDevices | undefined =>
  (globalThis.navigator as Navigator | undefined)?.mediaDevices as MediaDevices | undefined;

/** In the capture phase: a page that stops the event below does not hide it. */
function listen(
  target: EventTarget | undefined,
  types: readonly string[],
  listener: () => void,
): () => void {
  for (const type of types) target?.addEventListener(type, listener, true);
  return () => {
    for (const type of types) target?.removeEventListener(type, listener, true);
  };
}

/** The browser this page runs in. Its globals are read when a method is called, never before. */
export const pageBrowser: Browser = {
  createPeerConnection: (configuration) => new globalThis.RTCPeerConnection(configuration),
  createStream: () => new globalThis.MediaStream(),
  getUserMedia: async (constraints) => {
    const devices = mediaDevices();
    if (!devices) {
      throw new DOMException('the page has no mediaDevices; serve it over HTTPS', 'SecurityError');
    }
    return devices.getUserMedia(constraints);
  },
  enumerateDevices: async () => (await mediaDevices()?.enumerateDevices()) ?? [],
  onDeviceChange: (listener) => listen(mediaDevices(), ['devicechange'], listener),
  createAudio: () => new globalThis.Audio(),
  onGesture: (listener) => listen(globalThis, ['click', 'keydown'], listener),
};
