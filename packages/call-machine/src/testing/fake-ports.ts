import type {
  CallCommand,
  Media,
  MediaConnect,
  MediaControl,
  MediaReport,
  Signaling,
  SignalingReport,
} from '../ports.ts';
import type { MediaKinds } from '@ringfence/call-rules';

/** What a media port was asked. */
export type MediaRequest =
  | { readonly type: 'acquire'; readonly kinds: MediaKinds }
  | ({ readonly type: 'connect' } & MediaConnect)
  | { readonly type: 'disconnect'; readonly peerLegId: string }
  | ({ readonly type: 'control' } & MediaControl)
  | { readonly type: 'close' };

const unopened = (): never => {
  throw new Error('unable to report; the port is not open');
};

/** A signaling port that keeps what it was asked and reports what the test says. */
export class FakeSignaling implements Signaling {
  /** Every command, in order. */
  readonly commands: CallCommand[] = [];
  /** The ticket of each command, in order; undefined for those that are no requests. */
  readonly tickets: (string | undefined)[] = [];
  /** Called with each command as it comes. May report, or throw as a broken adapter does. */
  onCommand: ((command: CallCommand, ticket?: string) => void) | undefined;
  report: (report: SignalingReport) => void = unopened;
  closes = 0;

  open(report: (report: SignalingReport) => void): void {
    this.report = report;
  }

  send(command: CallCommand, ticket?: string): void {
    this.commands.push(command);
    this.tickets.push(ticket);
    this.onCommand?.(command, ticket);
  }

  close(): void {
    this.closes += 1;
  }
}

/** A media port that keeps what it was asked and reports what the test says. */
export class FakeCallMedia implements Media {
  /** Every request, in order. */
  readonly requests: MediaRequest[] = [];
  /** Called with each request as it comes. May report, or throw as a broken adapter does. */
  onRequest: ((request: MediaRequest) => void) | undefined;
  report: (report: MediaReport) => void = unopened;

  open(report: (report: MediaReport) => void): void {
    this.report = report;
  }

  acquire(kinds: MediaKinds): void {
    this.#take({ type: 'acquire', kinds });
  }

  connect(request: MediaConnect): void {
    this.#take({ type: 'connect', ...request });
  }

  disconnect(peerLegId: string): void {
    this.#take({ type: 'disconnect', peerLegId });
  }

  control(control: MediaControl): void {
    this.#take({ type: 'control', ...control });
  }

  close(): void {
    this.#take({ type: 'close' });
  }

  #take(request: MediaRequest): void {
    this.requests.push(request);
    this.onRequest?.(request);
  }
}
