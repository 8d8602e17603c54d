import { settle } from '@ringfence/base/testing';
import type { CallFacts } from '@ringfence/call-rules';
import type { CallChannel, CallChannelEvents } from '@ringfence/signaling-client';

/** A channel that the test plays the server of. */
export interface OpenChannel extends CallChannel {
  facts: CallFacts | null;
  connected: boolean;
  isClosed: boolean;
  /** False: the wire refuses every signal. */
  takesSignals: boolean;
  /** The commands, as `name` and body. */
  readonly sent: object[];
  /** Who listens to what, in the order they came. */
  readonly listening: (keyof CallChannelEvents)[];
  tell<Name extends keyof CallChannelEvents>(name: Name, payload: CallChannelEvents[Name]): void;
  /** Answers the oldest command: with an error, it is refused. */
  answer(error?: Error): Promise<void>;
}

/** Makes a channel that keeps its commands until the test answers them. */
export function openChannel(callId: string, facts: CallFacts | null = null): OpenChannel {
  let listeners: { name: keyof CallChannelEvents; listener: (payload: never) => unknown }[] = [];
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  return {
    callId,
    facts,
    connected: true,
    isClosed: false,
    takesSignals: true,
    sent: [],
    listening: [],
    on(name, listener) {
      if (this.isClosed) return () => {};
      this.listening.push(name);
      const entry = { name, listener };
      listeners.push(entry);
      return () => {
        listeners = listeners.filter((each) => each !== entry);
      };
    },
    command(name, body) {
      this.sent.push({ name, ...body });
      return new Promise<void>((resolve, reject) => waiting.push({ resolve, reject }));
    },
    signal() {
      return this.takesSignals;
    },
    iceServers: async () => [],
    close() {
      this.isClosed = true;
      listeners = [];
    },
    tell(name, payload) {
      if (name === 'facts') this.facts = payload as CallFacts;
      for (const each of listeners) {
        if (each.name === name) each.listener(payload as never);
      }
    },
    async answer(error) {
      const { resolve, reject } = waiting.shift()!;
      if (error === undefined) resolve();
      else reject(error);
      await settle();
    },
  };
}
