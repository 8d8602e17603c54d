import type { RingfenceError } from '@ringfence/base';
import { defaultSettings } from '@ringfence/call-rules';
import type { UserSettings } from '@ringfence/call-rules';
import { describe, expect, it } from 'vitest';
import { createScripted } from '../test/scripted-server.ts';

function createSettings() {
  const scripted = createScripted();
  const changes: UserSettings[] = [];
  scripted.client.on('settings.changed', (settings) => changes.push(settings));
  return { ...scripted, changes };
}

const quiet: UserSettings = { ...defaultSettings, doNotDisturb: true };
const away: UserSettings = { ...quiet, forwardOnBusy: 'user:bob' };

describe('settings', () => {
  it('are known from the welcome on, and told when they differ from what was known', async () => {
    const { client, network, session, welcomed, flush, changes } = createSettings();
    expect(client.settings).toBe(null);
    await welcomed();
    expect(client.settings).toEqual(defaultSettings);
    network.cut();
    await welcomed();
    expect(changes).toEqual([defaultSettings]);
    network.cut();
    await welcomed({ settings: quiet });
    session().event('settings.changed', away);
    session().event('settings.changed', away);
    await flush();
    expect(client.settings).toEqual(away);
    expect(changes).toEqual([defaultSettings, quiet, away]);
  });

  it('are changed on the server, and told once', async () => {
    const { client, session, welcomed, flush, changes } = createSettings();
    await welcomed();
    const updated = client.updateSettings({ doNotDisturb: true });
    await flush();
    const [update] = session().asked('settings.update');
    expect(update!.body).toEqual({ doNotDisturb: true });
    session().event('settings.changed', quiet);
    session().answer(update!, quiet);
    await flush();
    expect(await updated).toEqual(quiet);
    expect(changes).toEqual([defaultSettings, quiet]);
  });

  it('are changed one at a time, in order, also after a reconnect', async () => {
    const { client, network, session, welcomed, flush } = createSettings();
    await welcomed();
    const first = client.updateSettings({ doNotDisturb: true });
    const second = client.updateSettings({ forwardOnBusy: 'user:bob' });
    await flush();
    expect(session().asked('settings.update')).toHaveLength(1);
    network.cut();
    await welcomed();
    await flush();
    expect(
      session()
        .asked('settings.update')
        .map(({ body }) => body),
    ).toEqual([{ doNotDisturb: true }]);
    session().answer(session().asked('settings.update')[0]!, quiet);
    await flush();
    await flush();
    session().answer(session().asked('settings.update')[1]!, away);
    await flush();
    expect([await first, await second]).toEqual([quiet, away]);
  });

  it('stay as they are when they are refused, or when no answer comes', async () => {
    const { client, clock, network, session, welcomed, flush, changes } = createSettings();
    await welcomed();
    const code = (update: Promise<unknown>) => update.catch((error: RingfenceError) => error.code);
    const refused = code(client.updateSettings({ forwardOnBusy: 'user:alice' }));
    await flush();
    session().refuse(session().asked('settings.update')[0]!, 'cannot_dial_self');
    await flush();
    network.stall();
    const expired = code(client.updateSettings({ doNotDisturb: true }));
    await clock.advanceAsync(10_000);
    expect([await refused, await expired]).toEqual(['cannot_dial_self', 'request_expired']);
    expect(client.settings).toEqual(defaultSettings);
    expect(changes).toEqual([defaultSettings]);
  });
});
