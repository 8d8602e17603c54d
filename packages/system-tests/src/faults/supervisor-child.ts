/* The child of `fault -- supervisor`: it works until it is told to fail in one of the ways. */
import { writeSync } from 'node:fs';
import { serialize } from 'node:v8';
import { isMainThread, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { serve } from '@ringfence/isolation/supervisor/child';

const kept: unknown[] = [];

/** The wall clock with fractions, the same in every thread and process of the machine. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Frames made by hand, sent past every bound that `serve` keeps. */
function flood(): never {
  const frame = ['event', 'flood', 0];
  if (!isMainThread) {
    const { port } = workerData.ringfence as { readonly port: MessagePort };
    for (;;) port.postMessage(frame);
  }
  const payload = serialize(frame);
  const header = Buffer.alloc(4);
  header.writeUInt32LE(payload.byteLength);
  const bytes = Buffer.concat(Array.from({ length: 1_000 }, () => [header, payload]).flat());
  for (let at = 0; ; at %= bytes.byteLength) {
    try {
      at += writeSync(3, bytes, at);
    } catch {
      // The pipe is full: the host reads no faster.
    }
  }
}

/** Ways to fail. Each but the last two fails within the turn of the event loop that it begins in. */
const ways = {
  throw() {
    throw new Error('thrown on purpose');
  },
  rejection() {
    void Promise.reject(new Error('rejected on purpose'));
  },
  'endless loop'() {
    for (;;);
  },
  'silent exit': () => process.exit(0),
  'process.exit': () => process.exit(3),
  nonsense() {
    if (isMainThread) writeSync(3, Buffer.from('this is no frame, and goes on for a while'));
    else (workerData.ringfence as { readonly port: MessagePort }).port.postMessage('no frame');
  },
  flood,
  'heap limit'() {
    for (;;) kept.push(Array.from({ length: 1_000 }, () => ({})));
  },
  'native memory growth'() {
    setInterval(() => kept.push(Buffer.alloc(16 * 2 ** 20, 1)), 10);
  },
};

export type Way = keyof typeof ways;

const handlers = {
  /** Never answers. */
  wait: () => new Promise<never>(() => {}),
  /** Answers with the time, and fails right after in the way it is told. */
  fail(way: Way) {
    // Two turns: the answer is out before.
    setImmediate(() => setImmediate(() => ways[way]()));
    return nowMs();
  },
};

export interface FailingChild {
  readonly calls: typeof handlers;
  readonly events: object;
}

const isNeverReady = isMainThread
  ? process.argv.includes('never-ready')
  : workerData.ringfence.data === 'never-ready';

serve(handlers, {
  ready: () => (isNeverReady ? new Promise(() => setInterval(() => {}, 1_000)) : undefined),
});
