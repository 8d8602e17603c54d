import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** Every global that only browsers have, and that this package could be tempted to read. */
const program = `
const touched = [];
for (const name of ['window', 'document', 'navigator', 'RTCPeerConnection', 'MediaStream',
  'MediaStreamTrack', 'mediaDevices', 'AudioContext', 'Audio', 'localStorage', 'location']) {
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get() { touched.push(name); return undefined; },
  });
}
const { createMedia } = await import('@ringfence/media');
const { Tube } = await import('@ringfence/isolation');
const media = createMedia();
const reports = [];
const before = [...touched];
const session = media.session({
  callId: 'call',
  tube: new Tube('call'),
  signals: { send() {}, receive: () => () => {} },
  iceServers: async () => [],
});
session.open((report) => reports.push(report));
session.acquire({ audio: true, video: false });
await Promise.resolve().then(() => {}).then(() => {});
await new Promise((resolve) => setImmediate(resolve));
await media.close();
console.log(JSON.stringify({ before, touched: [...new Set(touched)], reports }));
`;

test('in Node, importing and making an engine touches no browser global; a call is refused', () => {
  const output = execFileSync(
    process.execPath,
    ['--conditions=@ringfence/source', '--input-type=module', '--eval', program],
    { cwd: fileURLToPath(new URL('.', import.meta.url)), encoding: 'utf8' },
  );
  expect(JSON.parse(output)).toEqual({
    before: [],
    touched: ['navigator'],
    reports: [{ type: 'media.refused', cause: 'permission_denied' }],
  });
});
