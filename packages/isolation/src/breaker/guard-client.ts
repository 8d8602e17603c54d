import { refused } from './breaker.ts';
import type { CircuitBreaker } from './breaker.ts';
import { Execution } from './execution.ts';

type Method = (...given: unknown[]) => unknown;

/** The names of those methods that return a promise. */
export type AsyncMethodOf<Client> = {
  [Name in keyof Client]: Client[Name] extends (...given: never[]) => PromiseLike<unknown>
    ? Name
    : never;
}[keyof Client] &
  string;

export interface GuardOptions<Client> {
  /**
   * Those that go through the breaker; the others are called as they are. Default: all that return
   * a promise. Name them when the client has methods that return something else: while the breaker
   * is open nobody can see which those are, unless they were called before.
   */
  readonly methods?: readonly AsyncMethodOf<Client>[];
}

/**
 * A client whose methods go through a breaker: refused while it is open, cut off at its time limit
 * and when the tube closes whose breaker it is, counted. It looks like the client itself. What its methods call among themselves is not counted
 * again, and objects in it are not guarded: guard each.
 *
 * @throws by its methods: what `execute` of the breaker rejects with.
 *
 * @example
 * const turn = guardClient(new TurnClient(url), new CircuitBreaker('turn'));
 * const servers = await turn.fetchServers();
 */
export function guardClient<Client extends object>(
  client: Client,
  breaker: CircuitBreaker,
  options: GuardOptions<Client> = {},
): Client {
  const named = options.methods && new Set<PropertyKey>(options.methods);
  const wrappers = new Map<PropertyKey, { readonly method: Method; readonly wrapper: Method }>();
  /** Methods that returned something else than a promise. */
  const others = new WeakSet<Method>();

  /** With the client itself as `this`: only so can a class reach its private fields. */
  const call = (method: Method, given: unknown[]): unknown => {
    const result = Reflect.apply(method, client, given);
    return result === client ? guarded : result;
  };
  const callThrough = (method: Method, given: unknown[]): unknown => {
    if (others.has(method)) return call(method, given);
    const { signal } = breaker;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const token = breaker.tryEnter();
    if (token === refused) return Promise.reject(breaker.refusal());
    let result: unknown;
    try {
      result = call(method, given);
    } catch (thrown) {
      // An argument that it does not like: nothing was asked of the dependency.
      breaker.abandoned(token);
      throw thrown;
    }
    if (isThenable(result)) {
      // It may have ended while the method began, and hears of it no more.
      const limitMs = signal?.aborted ? 0 : breaker.policy.timeoutMs;
      const execution = new Execution(breaker, token, limitMs, signal);
      if (signal?.aborted) execution.aborted(signal.reason);
      return execution.watch(result);
    }
    others.add(method);
    breaker.abandoned(token);
    return result;
  };
  const how = (key: PropertyKey) => {
    const isGuarded = named === undefined ? typeof key === 'string' : named.has(key);
    return isGuarded ? callThrough : call;
  };
  const wrap = (key: PropertyKey, method: Method): Method => {
    const known = wrappers.get(key);
    if (known?.method === method) return known.wrapper;
    const called = how(key);
    const wrapper = new Proxy(method, { apply: (_, __, given) => called(method, given) });
    wrappers.set(key, { method, wrapper });
    return wrapper;
  };

  // Empty, and behind the client: a frozen client would not let a proxy of itself change anything.
  const guarded = new Proxy(Object.create(client) as Client, {
    get(_, key) {
      const value: unknown = Reflect.get(client, key, client);
      const isMethod = typeof value === 'function' && key !== 'constructor';
      return isMethod ? wrap(key, value as Method) : value;
    },
    set: (_, key, value) => Reflect.set(client, key, value, client),
    ownKeys: () => Reflect.ownKeys(client),
    getOwnPropertyDescriptor(_, key) {
      const own = Reflect.getOwnPropertyDescriptor(client, key);
      return own && { ...own, configurable: true };
    },
  });
  return guarded;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function';
}
