import { both, byLeg, flows, has, kindsOf, received, same, speech } from './conformance-bench.ts';
import type { Check } from './conformance-bench.ts';

/** A call of three, each leg connected to each other one. */
export const meshChecks: readonly Check[] = [
  [
    'connects three, each with what the other two send',
    async (bench) => {
      const { sides } = await bench.meshed(both);
      const [first, second, third] = sides.map(received);
      const all = ['audio', 'video'];
      same('the first hears both', first, { l2: all, l3: all });
      same('the second hears both', second, { l1: all, l3: all });
      same('the third hears both', third, { l1: all, l2: all });
      for (const { session } of sides) {
        const [oldest] = session.remoteStreams.values();
        same('the first stream is the remote one', session.remoteStream === oldest, true);
      }
    },
  ],
  [
    'lets one leg go, and the others talk on',
    async (bench) => {
      const {
        sides: [first, second, third],
      } = await bench.meshed(speech);
      third.session.close();
      first.session.disconnect('l3');
      second.session.disconnect('l3');
      same('the first hears the second alone', received(first), { l2: ['audio'] });
      same('the second hears the first alone', received(second), { l1: ['audio'] });
      same('nothing is known of who left', first.session.qualityOf('l3'), null);
      const before = first.reports.length;
      await bench.until('samples go on', () => {
        const quality = first.session.qualityOf('l2');
        return quality !== null && quality.receiveKbps > 0;
      });
      same('nobody was cut off', first.reports.length, before);
    },
  ],
  [
    'connects a leg that it let go once more, in the same epoch',
    async (bench) => {
      const {
        sides: [first, second, third],
      } = await bench.meshed(speech);
      const heard = first.session.remoteStreams.get('l2');
      const reports = first.reports.length;
      first.session.disconnect('l2');
      second.session.disconnect('l1');
      same(
        'they are apart',
        [received(first), received(second)],
        [{ l3: ['audio'] }, { l3: ['audio'] }],
      );
      // What was under way is of the connection that was let go.
      await bench.under.elapse(100);
      second.session.disconnect('l1');
      first.session.disconnect('l2');
      for (const [side, peer] of [
        [second, first],
        [first, second],
      ] as const) {
        side.connect(1, peer.legId);
      }
      await bench.until('they connect again', () =>
        [first, second].every(
          (side) =>
            kindsOf(side.session.remoteStream).length > 0 && side.session.remoteStreams.size === 2,
        ),
      );
      await bench.until('it is reported', () => first.reports.length > reports);
      same('it is a new report', first.reports.slice(reports), [
        { type: 'media.connected', mediaEpoch: 1, peerLegId: 'l2' },
      ]);
      same('what comes is new', first.session.remoteStreams.get('l2') === heard, false);
      same('the third was not touched', [flows(third, first), flows(third, second)], [true, true]);
    },
  ],
  [
    'keeps the signals of each leg until that leg is connected',
    async (bench) => {
      const { sides } = await bench.three(speech);
      const [first, second, third] = sides;
      first.connect(1, 'l2');
      first.connect(1, 'l3');
      second.connect(1, 'l3');
      // Their offers arrive long before those they are for are ready.
      await bench.under.elapse(500);
      third.connect(1, 'l2');
      third.connect(1, 'l1');
      second.connect(1, 'l1');
      await bench.until('all are connected', () =>
        sides.every((side) => sides.every((peer) => peer === side || flows(side, peer))),
      );
      same(
        'nothing failed',
        sides.some((side) => has(side, 'media.failed')),
        false,
      );
    },
  ],
  [
    'drops the signals of a leg that it let go',
    async (bench) => {
      const {
        sides: [first, second],
      } = await bench.three(speech);
      first.connect(1, 'l2');
      await bench.under.elapse(200);
      // The offer of a connection that is no more.
      second.session.disconnect('l1');
      first.session.disconnect('l2');
      first.connect(1, 'l2');
      second.connect(1, 'l1');
      await bench.until('they connect', () => flows(first, second) && flows(second, first));
      same(
        'nothing failed',
        [has(first, 'media.failed'), has(second, 'media.failed')],
        [false, false],
      );
    },
  ],
  [
    'plays nothing of a leg that holds, and plays the others',
    async (bench) => {
      const {
        sides: [first],
      } = await bench.meshed(speech);
      const played = (): Record<string, boolean[]> =>
        byLeg(first, (stream) => stream.getTracks().map((track) => track.enabled));
      first.control({ heldBy: ['l3'] });
      same('one is silent', played(), { l2: [true], l3: [false] });
      first.control({ held: true });
      same('both are silent', played(), { l2: [false], l3: [false] });
      first.control({ held: false, heldBy: [] });
      same('both play', played(), { l2: [true], l3: [true] });
    },
  ],
  [
    'fails one leg, and only this leg, when it sends nonsense',
    async (bench) => {
      const {
        sides: [first, second, third],
        inject,
      } = await bench.meshed(speech);
      const nonsense = { kind: 'offer', sdp: 'v=0\r\nnonsense' } as const;
      inject('l1', { fromLeg: 'l3', mediaEpoch: 1, body: nonsense });
      await bench.until('it fails', () => has(first, 'media.failed'));
      same('it says which', first.reports.at(-1), {
        type: 'media.failed',
        cause: 'media_failed',
        peerLegId: 'l3',
      });
      same('the other goes on', received(first), { l2: ['audio'] });
      same('both others go on', [flows(second, first), flows(second, third)], [true, true]);
    },
  ],
];
