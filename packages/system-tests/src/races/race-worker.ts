/* Started by races.ts: runs the batches it is sent, one after the other, in a thread of its own. */
import { parentPort } from 'node:worker_threads';
import { runBatch } from './rounds.ts';
import type { Batch } from './rounds.ts';

parentPort!.on('message', (batch: Batch) => {
  // What breaks outside of a round ends the thread, and with it the command.
  void runBatch(batch).then((result) => parentPort!.postMessage(result));
});
