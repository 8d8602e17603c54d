export { delay, systemClock } from './clock.ts';
export { Emitter } from './emitter.ts';
export { numberOption, optionError, RingfenceError, toError } from './errors.ts';
export { silentLogger } from './logger.ts';
export { fullJitterMs, randomFraction, randomInteger, systemRandom, uuidV7 } from './random.ts';
export { Scope } from './scope.ts';

export type { Clock, TimerHandle } from './clock.ts';
export type { ListenerErrorHandler } from './emitter.ts';
export type { ErrorFacts, Fault, RingfenceErrorOptions } from './errors.ts';
export type { LogFields, Logger } from './logger.ts';
export type { Random } from './random.ts';
export type { Listenable, Owned } from './scope.ts';
