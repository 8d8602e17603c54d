import type { Address, CallEvent, CallFacts, UserSettings } from '@ringfence/call-rules';
import { expectTypeOf, test } from 'vitest';
import type { SchemaEvent, SchemaFacts } from './call-messages.ts';
import type {
  AnswerBody,
  CommandName,
  EventBody,
  NoticeBody,
  RequestBody,
  SignalBody,
} from './index.ts';
import type { SchemaSettings } from './values.ts';

/** What a schema says where the rules say more: read-only lists and fields, and addresses. */
type Plain<T> = T extends Address
  ? string
  : T extends readonly (infer Item)[]
    ? Plain<Item>[]
    : T extends object
      ? { -readonly [Name in keyof T]: Plain<T[Name]> }
      : T;

test('the schemas of history and snapshots agree with the types of the rules', () => {
  expectTypeOf<SchemaFacts>().toEqualTypeOf<Plain<CallFacts>>();
  expectTypeOf<SchemaEvent['type']>().toEqualTypeOf<CallEvent['type']>();
  // Event by event, so that a difference is named.
  type Differing = {
    [Type in CallEvent['type']]: Plain<Extract<CallEvent, { type: Type }>> extends Extract<
      SchemaEvent,
      { type: Type }
    >
      ? Extract<SchemaEvent, { type: Type }> extends Plain<Extract<CallEvent, { type: Type }>>
        ? never
        : Type
      : Type;
  }[CallEvent['type']];
  expectTypeOf<Differing>().toEqualTypeOf<never>();
});

test('the schema of settings agrees with the type of the rules', () => {
  expectTypeOf<SchemaSettings>().toEqualTypeOf<Plain<UserSettings>>();
});

test('bodies have the types of their messages', () => {
  expectTypeOf<RequestBody<'call.media'>>().toEqualTypeOf<{
    callId: string;
    mediaEpoch: number;
    legId: string;
    connected: boolean;
  }>();
  expectTypeOf<RequestBody<'call.update'>>().toEqualTypeOf<{
    callId: string;
    held?: boolean | undefined;
    muted?: boolean | undefined;
    camera?: boolean | undefined;
  }>();
  expectTypeOf<RequestBody<'call.transfer'>>().toEqualTypeOf<
    | { callId: string; to: string; toCallId?: undefined }
    | { callId: string; toCallId: string; to?: undefined }
  >();
  expectTypeOf<RequestBody<'call.invite'>>().toEqualTypeOf<{
    callId: string;
    to: string;
    role?: 'member' | 'guest' | undefined;
  }>();
  expectTypeOf<RequestBody<'settings.update'>>().toEqualTypeOf<{
    doNotDisturb?: boolean | undefined;
    forwardOnBusy?: string | null | undefined;
    forwardOnNoAnswer?: string | null | undefined;
  }>();
  expectTypeOf<AnswerBody<'settings.update'>>().toEqualTypeOf<UserSettings>();
  expectTypeOf<AnswerBody<'hello'>['settings']>().toEqualTypeOf<UserSettings>();
  expectTypeOf<EventBody<'settings.changed'>>().toEqualTypeOf<UserSettings>();
  expectTypeOf<AnswerBody<'call.accept'>>().toEqualTypeOf<{
    callId: string;
    seq: number;
    events: CallEvent[];
  }>();
  expectTypeOf<EventBody<'beat'>>().toEqualTypeOf<{
    n: number;
    calls: Record<string, number>;
  }>();
  expectTypeOf<NoticeBody<'signal'>['body']>().toEqualTypeOf<SignalBody>();
  expectTypeOf<SignalBody['kind']>().toEqualTypeOf<'offer' | 'answer' | 'candidates'>();
  expectTypeOf<CommandName>().toEqualTypeOf<
    | 'call.dial'
    | 'call.ring'
    | 'call.accept'
    | 'call.decline'
    | 'call.hang-up'
    | 'call.media'
    | 'call.update'
    | 'call.invite'
    | 'call.remove'
    | 'call.request-mute'
    | 'call.transfer'
    | 'call.merge'
  >();
});
