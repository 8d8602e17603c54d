/* Started by import-check.ts with one argument: what to import. Prints what it touched, as JSON. */

/** What browsers have and Node has not, or has only of late. */
const browserGlobals = [
  'window',
  'self',
  'document',
  'navigator',
  'location',
  'history',
  'screen',
  'localStorage',
  'sessionStorage',
  'indexedDB',
  'caches',
  'WebSocket',
  'XMLHttpRequest',
  'RTCPeerConnection',
  'RTCSessionDescription',
  'RTCIceCandidate',
  'RTCRtpSender',
  'MediaStream',
  'MediaStreamTrack',
  'AudioContext',
  'Audio',
  'HTMLElement',
  'HTMLMediaElement',
  'Notification',
  'addEventListener',
  'matchMedia',
  'requestAnimationFrame',
];

const touched = new Set<string>();
for (const name of browserGlobals) {
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get() {
      touched.add(name);
      return undefined;
    },
    set() {
      touched.add(name);
    },
  });
}
await import(process.argv[2]!);
process.stdout.write(JSON.stringify([...touched]));
