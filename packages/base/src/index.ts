export { delay, systemClock, unrefTimer } from './clock.ts';
export { Emitter } from './emitter.ts';
export { createListeners } from './listeners.ts';
export { numberOption, numberOptions, optionError, RingfenceError, toError } from './errors.ts';
export { silentLogger } from './logger.ts';
export {
  fullJitterMs,
  randomFraction,
  randomId,
  randomInteger,
  systemRandom,
  uuidV7,
} from './random.ts';
export { Scope } from './scope.ts';

export type { Clock, TimerHandle } from './clock.ts';
export type { ListenerErrorHandler } from './emitter.ts';
export type { Listeners, On } from './listeners.ts';
export type { ErrorFacts, Fault, NumberRange, RingfenceErrorOptions } from './errors.ts';
export type { LogFields, Logger } from './logger.ts';
export type { Random } from './random.ts';
export type { Listenable, Owned, ScopeOptions } from './scope.ts';
