/*
 * What Telnyx answers with, as far as it is used here. Sources: the API reference at
 * developers.telnyx.com (Credentials, Access Tokens, Credential Connections, Call Commands,
 * Callbacks), read in November 2026.
 */
import {
  array,
  boolean,
  literal,
  looseObject,
  maxLength,
  minLength,
  minValue,
  nullish,
  number,
  optional,
  picklist,
  pipe,
  regex,
  string,
  union,
} from 'valibot';
import type { InferOutput } from 'valibot';
import { idPattern } from '../input.ts';

const text = pipe(string(), minLength(1), maxLength(512));
const id = pipe(string(), regex(idPattern));
const meta = looseObject({ total_pages: optional(pipe(number(), minValue(0)), 1) });

/** `expired` comes as a boolean or as text, depending on the page of the reference. */
const telephonyCredential = looseObject({
  id,
  /** The connection it is made on, as `connection:ID`. */
  resource_id: nullish(string()),
  name: nullish(string()),
  expired: nullish(union([boolean(), picklist(['true', 'false'])])),
  expires_at: nullish(string()),
  sip_username: text,
  sip_password: text,
});
export const telephonyCredentialAnswer = looseObject({ data: telephonyCredential });
export const telephonyCredentialList = looseObject({ data: array(telephonyCredential), meta });

const connection = looseObject({ id, connection_name: nullish(string()), user_name: text });
export const connectionAnswer = looseObject({ data: connection });
export const connectionList = looseObject({ data: array(connection), meta });

/** A JWT, as plain text. */
export const tokenPattern = /^(?=.{5,8192}$)[\w-]+\.[\w-]+\.[\w-]+$/;

export const dialAnswer = looseObject({
  data: looseObject({ call_control_id: id }),
});
/** Of a command to a call. */
export const commandAnswer = looseObject({ data: looseObject({ result: literal('ok') }) });

/** The errors of an answer. `detail` is left alone: it repeats what was sent, numbers among it. */
export const errorAnswer = looseObject({
  errors: array(
    looseObject({ code: optional(union([string(), number()])), title: optional(string()) }),
  ),
});

const callPayload = looseObject({
  call_control_id: id,
  direction: nullish(picklist(['incoming', 'outgoing'])),
  from: nullish(string()),
  to: nullish(string()),
  hangup_cause: nullish(string()),
});
export const webhookBody = looseObject({
  data: looseObject({
    id: text,
    event_type: text,
    occurred_at: nullish(string()),
    payload: optional(looseObject({}), {}),
  }),
});
export const callWebhookPayload = callPayload;

export type TelephonyCredential = InferOutput<typeof telephonyCredential>;
export type Connection = InferOutput<typeof connection>;
