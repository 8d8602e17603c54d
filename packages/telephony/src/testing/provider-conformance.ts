import { isErrorCode } from '../error-codes.ts';
import type { Provider, ProviderContext, ProviderCredential } from '../provider/provider.ts';
import { ProviderError } from '../provider/provider-error.ts';
import { expectEqual, expectRejection, expectThat } from './expect.ts';

/**
 * One thing every adapter of a port must do. Runs under any test runner; it rejects when the
 * adapter does not.
 */
export interface ConformanceCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** A provider to be checked, with an account behind it that has nothing in it. */
export interface ProviderUnderTest extends AsyncDisposable {
  readonly provider: Provider;
  readonly now: () => number;
  /** Moves time on: what lives shorter has expired then. */
  readonly advance: (ms: number) => void;
  /** Everything that must not come out of the provider in an error: keys and the like. */
  readonly secrets: readonly string[];
  /** False for a provider that cannot take a credential back. */
  readonly canRevoke: boolean;
  /** A number that can be called; with a provider that has calls. */
  readonly number?: string;
  /** Makes the provider fail, so that the next request to it rejects. Left out: it cannot. */
  readonly breakNext?: () => void;
}

const dayMs = 86_400_000;
const request = { username: 'ada@example.com', ttlMs: dayMs, wantsToken: false };
const never = (): ProviderContext => ({ signal: new AbortController().signal });

/**
 * The cases every {@link Provider} passes.
 *
 * @example
 * for (const { name, run } of providerConformance(make)) it(name, run);
 */
export function providerConformance(
  make: () => Promise<ProviderUnderTest>,
): readonly ConformanceCase[] {
  const cases: ConformanceCase[] = [];
  const add = (name: string, check: (under: ProviderUnderTest) => Promise<void>): void => {
    const run = async (): Promise<void> => {
      await using under = await make();
      await check(under);
    };
    cases.push({ name, run });
  };

  add('has a name that ids can begin with', async ({ provider }) => {
    expectThat(/^[a-z0-9][a-z0-9-]{0,31}$/.test(provider.name), 'the name is short and plain');
  });

  add('issues a credential that is whole', async ({ provider, now }) => {
    const before = now();
    const credential = await provider.issueCredential(request, never());
    expectWhole(credential);
    const livesMs = credential.expiresAt - before;
    expectThat(Math.abs(livesMs - dayMs) < 10_000, `it lives a day, and not ${livesMs} ms`);
  });

  add('issues plain data', async ({ provider }) => {
    const credential = await provider.issueCredential(request, never());
    expectEqual(structuredClone(credential), credential);
  });

  add('revokes a credential, once', async ({ provider, canRevoke }) => {
    const { id } = await provider.issueCredential(request, never());
    if (!canRevoke) return expectCode(provider.revokeCredential(id, never()), 'not_supported');
    await provider.revokeCredential(id, never());
    await expectCode(provider.revokeCredential(id, never()), 'not_found');
  });

  add('cleans up what expired, and only that', async ({ provider, advance, canRevoke }) => {
    await provider.issueCredential({ ...request, ttlMs: 60_000 }, never());
    await provider.issueCredential(request, never());
    const clean = (isDryRun: boolean) => provider.cleanUpCredentials({ isDryRun }, never());
    const [none, one] = canRevoke
      ? [
          { removed: 0, kept: 2 },
          { removed: 1, kept: 1 },
        ]
      : [];
    const nothing = { removed: 0, kept: 0 };
    expectEqual(await clean(false), none ?? nothing);
    advance(120_000);
    expectEqual(await clean(true), one ?? nothing);
    expectEqual(await clean(false), one ?? nothing);
    expectEqual(await clean(false), canRevoke ? { removed: 0, kept: 1 } : nothing);
  });

  add('does nothing for a signal that aborted', async ({ provider }) => {
    const reason = new Error('given up');
    const context = { signal: AbortSignal.abort(reason) };
    const thrown = await expectRejection(provider.issueCredential(request, context));
    expectThat(thrown === reason, 'it rejects with the reason of the signal');
  });

  add('fails with a code, and without its secrets', async ({ provider, breakNext, secrets }) => {
    if (breakNext === undefined) return;
    breakNext();
    const thrown = await expectRejection(provider.issueCredential(request, never()));
    expectThat(thrown instanceof ProviderError, 'it is a ProviderError');
    const error = thrown as ProviderError;
    expectThat(isErrorCode(error.code), `${error.code} is a code`);
    const told = [error.message, error.stack, error.hint, JSON.stringify(error.details)].join();
    for (const secret of secrets) expectThat(!told.includes(secret), 'no secret is told');
  });

  add('places a call and ends it, once', async ({ provider, number }) => {
    const { calls } = provider;
    if (calls === undefined || number === undefined) return;
    const place = (commandId: string) =>
      calls.place({ to: number, from: undefined, commandId }, never());
    const { id } = await place('command-1');
    expectEqual(await place('command-1'), { id });
    const other = await place('command-2');
    expectThat(other.id !== id, 'another command places another call');
    await calls.answer(id, never());
    await calls.end(id, never());
    await expectCode(calls.end(id, never()), 'call_ended');
    await expectCode(calls.end('no such call', never()), 'not_found');
  });

  return cases;
}

function expectWhole(credential: ProviderCredential): void {
  const { id, username, password, realm, sipUri, stunServers, turnServers } = credential;
  for (const [name, text] of Object.entries({ id, username, password, realm })) {
    expectThat(typeof text === 'string' && text !== '', `${name} is there`);
  }
  expectThat(/^sip:[^@]+@.+$/.test(sipUri), 'the SIP URI is one');
  for (const url of stunServers) expectThat(/^stuns?:/.test(url), `${url} is a STUN server`);
  for (const { urls } of turnServers) {
    for (const url of urls) expectThat(/^turns?:/.test(url), `${url} is a TURN server`);
  }
}

async function expectCode(promise: Promise<unknown>, code: string): Promise<void> {
  const thrown = await expectRejection(promise);
  expectEqual((thrown as { readonly code?: unknown }).code, code);
}
