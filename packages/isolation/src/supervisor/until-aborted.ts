/**
 * Resolves with what `run` gives, or rejects with the signal's reason as soon as it aborts. What
 * `run` goes on to do is not waited for then.
 */
export function untilAborted<Result>(
  signal: AbortSignal,
  run: () => Result | PromiseLike<Result>,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const aborted = (): void => reject(signal.reason);
    signal.addEventListener('abort', aborted);
    const isOver = (): void => signal.removeEventListener('abort', aborted);
    new Promise<Result>((done) => done(run())).then(resolve, reject).finally(isOver);
  });
}
