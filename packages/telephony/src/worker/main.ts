/* The worker as it is started when a host names no file of its own. */
import { isMainThread } from 'node:worker_threads';
import { createProviders } from '../provider/provider-config.ts';
import { serveTelephony } from './serve-telephony.ts';

const [, , sent] = process.argv;

// A host always sends something. Imported by who only looks at it, it does nothing.
if (!isMainThread || sent !== undefined) {
  serveTelephony(sent, (configs) => createProviders(configs, { env: process.env }));
}
