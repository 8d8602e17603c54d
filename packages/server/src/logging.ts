import { pino } from 'pino';
import type { DestinationStream } from 'pino';
import type { LogFields, Logger } from '@ringfence/base';

/** Fields that must not reach a log, wherever in a line they are. */
const secrets = ['token', 'secret', 'authorization', 'sdp', 'candidate', 'userId', 'name'];

/**
 * A logger that writes JSON lines through pino, to the standard output unless told otherwise. What
 * must not be in a log is replaced in the line, should it ever be handed in.
 */
export function createPinoLogger(level: string, destination?: DestinationStream): Logger {
  const paths = secrets.flatMap((name) => [name, `*.${name}`]);
  const options = { level, redact: { paths, censor: '[redacted]' } };
  const logger = destination === undefined ? pino(options) : pino(options, destination);
  const at =
    (method: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields?: LogFields): void => {
      if (fields === undefined) logger[method](message);
      else logger[method](fields, message);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
