import { RingfenceError } from '@ringfence/base';

/** What this package rejects with. */
export type MediaErrorCode =
  'device_unavailable' | 'audio_output_unavailable' | 'dtmf_unavailable' | 'invalid_dtmf';

/** A device cannot be had: it is not there, in use elsewhere, not allowed, or nobody can choose. */
export const unavailable = (
  code: 'device_unavailable' | 'audio_output_unavailable',
  cause?: unknown,
): RingfenceError<MediaErrorCode> =>
  new RingfenceError(code, 'unable to open the device; it is not there, or refused', {
    fault: 'device',
    retryable: true,
    hint: 'Choose one of devices.list().',
    cause,
  });

/** True for what `sendDtmf` takes. */
export const isDtmf = (wanted: unknown): wanted is string =>
  typeof wanted === 'string' && /^[\dA-D*#,;]{1,64}$/i.test(wanted);

/** DTMF cannot be sent: no leg takes it, or it is none. */
export const dtmfError = (
  code: 'dtmf_unavailable' | 'invalid_dtmf',
): RingfenceError<MediaErrorCode> => {
  const isOdd = code === 'invalid_dtmf';
  return new RingfenceError(code, `unable to send DTMF; it is ${isOdd ? 'none' : 'not taken'}`, {
    fault: isOdd ? 'caller' : 'peer',
    retryable: !isOdd,
    hint: isOdd ? 'Send 1 to 64 of 0-9 * # , ; and A-D in either case.' : 'Resume the call first.',
  });
};
