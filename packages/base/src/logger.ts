/** Structured detail of a log line. Never a token, an SDP, a phone number or a name. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The port to logs. pino's methods fit once their arguments are swapped. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

const nothing = (): void => {};

/** Drops every line. The default of the libraries. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};
