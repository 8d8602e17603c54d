import type { RingfenceError } from '@ringfence/base';
import type { MediaKinds, UserSettings } from '@ringfence/call-rules';
import type { Devices } from '@ringfence/media';
import type { Call } from './call.ts';

/**
 * Whether the server can be heard.
 *
 * ```
 * connecting ──▶ ready ⇄ reconnecting      any ──▶ closed
 * ```
 */
export type PhoneState = 'connecting' | 'ready' | 'reconnecting' | 'closed';

/** What {@link Phone.updateSettings} sets: an address as `user:ID`, or null for nowhere. */
export interface SettingsChange {
  readonly doNotDisturb?: boolean | undefined;
  readonly forwardOnBusy?: string | null | undefined;
  readonly forwardOnNoAnswer?: string | null | undefined;
}

/** What a phone's listeners hear. */
export interface PhoneEvents {
  /**
   * A call came in and rings here. Show it; then `call.accept()` or `call.decline()`. It ends by
   * itself when nobody does.
   */
  'call.incoming': Call;
  /** A call began, in or out, or one ended: {@link Phone.calls}. */
  'calls.changed': readonly Call[];
  /**
   * The connection changed, or one more try to get it back has failed: then `state` is what it was,
   * and `error` is new. `error` says why it was lost or closed: codes `connection_lost`,
   * `token_unavailable`, `unauthorized`, `replaced`, or what the server said.
   */
  'phone.changed': { readonly state: PhoneState; readonly error?: RingfenceError };
  /** The user's settings are known, or were changed here or on another of their devices. */
  'settings.changed': UserSettings;
  /**
   * The browser plays no sound before the user has touched the page. Show a button that calls
   * {@link Phone.unlockAudio}; any other gesture on the page does it too.
   */
  'audio.blocked': undefined;
  /** What was blocked is heard now, or is over. */
  'audio.unblocked': undefined;
}

/** A user's phone on one device. Calls may fail; the phone and the app around it do not. */
export interface Phone extends AsyncDisposable {
  readonly state: PhoneState;
  /** Who the server says we are; null before it did. */
  readonly identity: { readonly userId: string; readonly orgId: string } | null;
  /**
   * The calls that have not ended, in the order they began. One at a time is heard: a dial, an
   * accept and {@link Call.swap} hold the others.
   */
  readonly calls: readonly Call[];
  /** Do not disturb and forwarding; null before the server said. */
  readonly settings: UserSettings | null;
  /** Microphones, cameras and outputs: list, choose, and hear of changes. */
  readonly devices: Devices;
  /**
   * Calls somebody: `user:ID`. Resolves as soon as the call exists, without waiting for anything;
   * whether it rings, is answered or fails is told by the call. Calls that are on are held. When
   * that user rings here already, their call is taken instead.
   *
   * @throws {RingfenceError} as a rejection, for arguments alone: `invalid_address`,
   * `cannot_dial_self`, `nothing_to_send`; and `phone_closed`.
   */
  dial(to: string, media?: Partial<MediaKinds>): Promise<Call>;
  /**
   * Changes the user's settings, on all of their devices. Fields left out stay as they are.
   *
   * @throws {RingfenceError} as a rejection: `invalid_address`, `address_unsupported`,
   * `cannot_dial_self`, `invalid_request` for anything else that is no setting, `phone_closed`, and
   * what the server says.
   */
  updateSettings(change: SettingsChange): Promise<UserSettings>;
  /** Plays what the browser has blocked. Call it while a gesture is handled. Never rejects. */
  unlockAudio(): Promise<void>;
  /** Subscribes. Returns the function that unsubscribes. */
  on<Name extends keyof PhoneEvents>(
    name: Name,
    listener: (payload: PhoneEvents[Name]) => unknown,
  ): () => void;
  /** Hangs up every call, waits for them to end, at most 2 s, and disconnects. Idempotent. */
  close(): Promise<void>;
}
