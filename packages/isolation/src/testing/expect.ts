/** Throws unless the two are the same value, or equal as JSON. */
export function expectEqual(actual: unknown, expected: unknown): void {
  if (Object.is(actual, expected)) return;
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  const isPlain = !(actual instanceof Error) && !(expected instanceof Error);
  if (left !== right || !isPlain) {
    throw new Error(`expected ${right ?? String(expected)}, got ${left ?? String(actual)}`);
  }
}

/** What `promise` rejects with. Throws when it resolves. */
export async function expectRejection(promise: Promise<unknown>): Promise<unknown> {
  let result: unknown;
  try {
    result = await promise;
  } catch (thrown) {
    return thrown;
  }
  throw new Error(`expected a rejection, got ${String(result)}`);
}
