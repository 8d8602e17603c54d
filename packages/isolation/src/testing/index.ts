export { checkBreaker } from './breaker-model.ts';
export { childConformance } from './child-conformance.ts';
export { MemoryChild } from './memory-child.ts';

export type { BreakerStep } from './breaker-model.ts';
export type { ChildMakers, ConformanceCase } from './child-conformance.ts';
export type { MemoryChildOptions } from './memory-child.ts';
