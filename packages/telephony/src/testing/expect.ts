/** Throws unless the two are equal as JSON. */
export function expectEqual(actual: unknown, expected: unknown): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (left !== right) throw new Error(`expected ${right}, got ${left}`);
}

/** Throws, with `why`, unless `holds`. */
export function expectThat(holds: boolean, why: string): void {
  if (!holds) throw new Error(`expected that ${why}`);
}

/** What `promise` rejects with. Throws when it resolves. */
export async function expectRejection(promise: Promise<unknown>): Promise<unknown> {
  let result: unknown;
  try {
    result = await promise;
  } catch (thrown) {
    return thrown;
  }
  throw new Error(`expected a rejection, got ${JSON.stringify(result)}`);
}
