/**
 * One thing every adapter of a port must do. Runs under any test runner; it rejects with an
 * `AssertionError` when the adapter does not.
 *
 * @example
 * for (const { name, run } of storeConformance(() => createMyStore())) it(name, run);
 */
export interface ConformanceCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}
