import { both, same, speech, trackOf } from './conformance-bench.ts';
import type { Check } from './conformance-bench.ts';

/** Devices, outputs and tones. */
export const deviceChecks: readonly Check[] = [
  [
    'lists devices with their names once one was allowed, and one default of each kind',
    async (bench) => {
      await bench.acquired(both);
      const { microphones, cameras } = await bench.under.caller.devices.list();
      for (const devices of [microphones, cameras]) {
        same('there is one at least', devices.length > 0, true);
        same(
          'each has a name',
          devices.every(({ id, label }) => id !== '' && label !== ''),
          true,
        );
        same('one is the default', devices.filter(({ isDefault }) => isDefault).length, 1);
      }
    },
  ],
  [
    'changes the microphone of a running call without a signal',
    async (bench) => {
      const call = await bench.connected(speech);
      const other = await bench.acquired(speech);
      await bench.under.elapse(500);
      const { devices } = bench.under.caller;
      const { microphones } = await devices.list();
      const chosen = microphones.at(-1)!.id;
      const before = call.signals.sent.length;
      const old = trackOf(call.caller.session.localStream, 'audio');
      call.caller.control({ muted: true });
      const outcome = await bench.outcome('it is chosen', devices.select({ microphone: chosen }));
      same('it worked', outcome, 'done');
      same('it is selected', devices.selected.microphone, chosen);
      for (const [{ session }, isEnabled] of [
        [call.caller, false],
        [other.caller, true],
      ] as const) {
        const track = trackOf(session.localStream, 'audio');
        same('it is used', track.getSettings().deviceId, chosen);
        same(
          'it runs, and is as muted as before',
          [track.readyState, track.enabled],
          ['live', isEnabled],
        );
      }
      const next = await bench.acquired(speech);
      const { deviceId } = trackOf(next.caller.session.localStream, 'audio').getSettings();
      same('a later call uses it too', deviceId, chosen);
      if (microphones.length > 1) same('the old one is let go', old.readyState, 'ended');
      await bench.under.elapse(500);
      same('no signal was sent', call.signals.sent.length, before);
      await bench.outcome('the default is back', devices.select({ microphone: '' }));
    },
  ],
  [
    'refuses a device that is not there, and leaves all as it was',
    async (bench) => {
      const call = await bench.connected(both);
      const { devices } = bench.under.caller;
      const before = devices.selected;
      const tracks = call.caller.session.localStream!.getTracks().map(({ id }) => id);
      const choices = [{ microphone: 'nobody' }, { camera: 'nobody' }, { output: 'nobody' }];
      for (const choice of choices) {
        const outcome = await bench.outcome('it is refused', devices.select(choice));
        same('it says why', outcome, 'device_unavailable');
      }
      same('nothing is selected', devices.selected, before);
      const now = call.caller.session.localStream!.getTracks().map(({ id }) => id);
      same('nothing was touched', now, tracks);
    },
  ],
  [
    'plays each call where it is told to, and says when it cannot',
    async (bench) => {
      const call = await bench.connected(speech);
      const { session } = call.caller;
      const refused = await bench.outcome('it is refused', session.setAudioOutput('nobody'));
      same('it says why', refused, 'audio_output_unavailable');
      same('it plays where it did', session.audioOutput, '');
      const { outputs } = await bench.under.caller.devices.list();
      const chosen = outputs.at(-1)?.id ?? '';
      same('it is moved', await bench.outcome('it ends', session.setAudioOutput(chosen)), 'done');
      same('it plays there', session.audioOutput, chosen);
      same('it is moved back', await bench.outcome('it ends', session.setAudioOutput('')), 'done');
    },
  ],
  [
    'sends tones once connected, one row after another',
    async (bench) => {
      const call = await bench.acquired(speech);
      const { session } = call.caller;
      const early = await bench.outcome('it is refused', session.sendDtmf('1'));
      same('nobody takes tones yet', early, 'dtmf_unavailable');
      for (const side of [call.caller, call.callee]) side.connect(1);
      await bench.until('they connect', () => call.caller.reports.length > 1);
      for (const odd of ['', '12x', '1'.repeat(65), '+49']) {
        same(
          `"${odd}" is no tone`,
          await bench.outcome('it ends', session.sendDtmf(odd)),
          'invalid_dtmf',
        );
      }
      const order: string[] = [];
      const rows = ['12A#', '*d;', '0'].map((tones) =>
        session.sendDtmf(tones).then(() => order.push(tones)),
      );
      same('they are sent', await bench.outcome('they end', Promise.all(rows)), 'done');
      same('they are sent in order', order, ['12A#', '*d;', '0']);
      call.caller.control({ held: true });
      const held = await bench.outcome('it is refused', session.sendDtmf('1'));
      same('nothing is sent while held', held, 'dtmf_unavailable');
      call.caller.control({ held: false });
      const cut = session.sendDtmf('123456789');
      session.close();
      same('the end is told', await bench.outcome('it ends', cut), 'dtmf_unavailable');
    },
  ],
];
