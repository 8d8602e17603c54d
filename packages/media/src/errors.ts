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

/** DTMF cannot be sent: no leg takes it, or it is none. */
export const dtmfError = (
  code: 'dtmf_unavailable' | 'invalid_dtmf',
): RingfenceError<MediaErrorCode> =>
  new RingfenceError(code, 'unable to send DTMF; it is no DTMF, or nobody takes it', {
    fault: code === 'invalid_dtmf' ? 'caller' : 'peer',
    retryable: code !== 'invalid_dtmf',
    hint: 'Send 1 to 64 of 0-9, A-D, *, # in an active call.',
  });
