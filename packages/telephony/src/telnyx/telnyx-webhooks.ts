import { createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { safeParse } from 'valibot';
import { optionError } from '@ringfence/base';
import type { Clock } from '@ringfence/base';
import { remember } from '../call-ledger.ts';
import type { CallUpdate } from '../call-ledger.ts';
import { makeId } from '../input.ts';
import { refusal, success } from '../result.ts';
import type { Result } from '../result.ts';
import { callWebhookPayload, webhookBody } from './telnyx-schemas.ts';

/** A webhook as it came. */
export interface WebhookRequest {
  /** Of the header `telnyx-signature-ed25519`: base64. */
  readonly signature: string | null;
  /** Of the header `telnyx-timestamp`: seconds since the Unix epoch. */
  readonly timestamp: string | null;
  /** The bytes as they came: parsed and written again, they would not match. */
  readonly body: Uint8Array;
}

/** A webhook that was sent by whom it says. */
export interface TelephonyWebhook {
  /** Unique. */
  readonly id: string;
  readonly provider: string;
  /** As `call.initiated`. */
  readonly type: string;
  /** True for one that came before: it changed nothing. */
  readonly isDuplicate: boolean;
  /** What Telnyx says, unchecked. It has phone numbers in it: do not log it. */
  readonly payload: Readonly<Record<string, unknown>>;
  /** What it says of a call. */
  readonly call: CallUpdate | undefined;
}

/** Older and newer ones are refused: Telnyx signs when it sends. */
const toleranceMs = 300_000;
/** Telnyx repeats what was not answered within minutes; a replay is refused by its time. */
const mostRemembered = 10_000;
/** The DER of an Ed25519 public key is this and the 32 bytes (RFC 8410 section 4). */
const derPrefix = Buffer.from('302a300506032b6570032100', 'hex');

const states: Readonly<Record<string, CallUpdate['state']>> = {
  'call.initiated': 'ringing',
  'call.answered': 'active',
  'call.bridged': 'active',
  'call.hangup': 'ended',
};

/**
 * Tells webhooks of Telnyx from those of others: Ed25519 over `timestamp|body` with the public key
 * of the account, at most 5 minutes old, each once. Source: developers.telnyx.com, Callbacks.
 *
 * @throws {RingfenceError} `invalid_option` for a key that is none.
 */
export class TelnyxWebhooks {
  readonly provider: string;
  readonly #key: KeyObject;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #seen = new Set<string>();

  constructor(provider: string, publicKey: string, clock: Pick<Clock, 'now'>) {
    this.provider = provider;
    this.#key = readKey(publicKey);
    this.#clock = clock;
  }

  /** Checks a webhook and says what is in it. Never throws. */
  read({ signature, timestamp, body }: WebhookRequest): Result<TelephonyWebhook> {
    if (!this.#isSigned(signature, timestamp, body)) {
      return refusal(
        'invalid_signature',
        'unable to believe a webhook; its signature is not valid',
      );
    }
    // After the signature: nobody else is told how old they are.
    const ageMs = this.#clock.now() - Number(timestamp) * 1_000;
    if (Math.abs(ageMs) > toleranceMs) {
      const message = 'unable to believe a webhook; it was sent over 5 minutes from now';
      return refusal('stale_webhook', message);
    }
    return this.#parse(body);
  }

  #isSigned(signature: string | null, timestamp: string | null, body: Uint8Array): boolean {
    if (signature === null || !/^\d{1,12}$/.test(timestamp ?? '')) return false;
    const bytes = Buffer.from(signature, 'base64');
    if (bytes.byteLength !== 64) return false;
    return verify(null, Buffer.concat([Buffer.from(`${timestamp}|`), body]), this.#key, bytes);
  }

  #parse(body: Uint8Array): Result<TelephonyWebhook> {
    const parsed = safeParse(webhookBody, readJson(body));
    if (!parsed.success) {
      return refusal('invalid_request', 'unable to read a webhook; its form is not known');
    }
    const { id, event_type: type, payload } = parsed.output.data;
    const isDuplicate = this.#seen.has(id);
    if (!isDuplicate) remember(this.#seen, id, mostRemembered);
    const call = this.#callOf(type, payload);
    return success({ id, provider: this.provider, type, isDuplicate, payload, call });
  }

  #callOf(type: string, payload: unknown): CallUpdate | undefined {
    const state = Object.hasOwn(states, type) ? states[type] : undefined;
    const parsed = safeParse(callWebhookPayload, payload);
    if (state === undefined || !parsed.success) return undefined;
    const { call_control_id: id, direction, from, to } = parsed.output;
    const { provider } = this;
    return {
      callId: makeId({ provider, id }),
      provider,
      state,
      ...(typeof direction === 'string' ? { direction } : {}),
      ...(typeof from === 'string' ? { from } : {}),
      ...(typeof to === 'string' ? { to } : {}),
    };
  }
}

function readKey(publicKey: string): KeyObject {
  const bytes = Buffer.from(publicKey, 'base64');
  if (bytes.byteLength !== 32) {
    throw optionError('webhookPublicKey', publicKey, '32 bytes in base64');
  }
  return createPublicKey({
    key: Buffer.concat([derPrefix, bytes]),
    format: 'der',
    type: 'spki',
  });
}

function readJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}
