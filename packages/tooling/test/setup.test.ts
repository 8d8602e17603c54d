import { describe, expect, test } from 'vitest';
import { distributionId, installKey, pinnedPnpm, planSystemPackages } from '../setup.mjs';
import { browserCandidates } from '../src/browsers.mjs';

test('pnpm is run at the exact version of package.json', () => {
  expect(pinnedPnpm({ packageManager: 'pnpm@12.21.0' })).toBe('pnpm@12.21.0');
  expect(pinnedPnpm({ packageManager: 'pnpm@12.21.0+sha512.abc' })).toBe('pnpm@12.21.0');
  expect(() => pinnedPnpm({ packageManager: 'pnpm@12' })).toThrow('names no exact');
  expect(() => pinnedPnpm({})).toThrow('names no exact');
});

describe('the key of an installed tree', () => {
  test('changes with any part', () => {
    const keys = [
      ['lock', 'settings', 'linux'],
      ['lock 2', 'settings', 'linux'],
      ['lock', 'settings 2', 'linux'],
      ['lock', 'settings', 'darwin'],
      ['locksettings', '', 'linux'],
    ].map(installKey);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('does not change with line ends', () => {
    expect(installKey(['a\r\nb'])).toBe(installKey(['a\nb']));
  });
});

test('the distribution is read from os-release', () => {
  const debian = 'PRETTY_NAME="Debian GNU/Linux 12"\nVERSION_ID="12"\nID=debian\n';
  const ubuntu = 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n';
  expect(distributionId(debian)).toBe('debian');
  expect(distributionId(ubuntu)).toBe('ubuntu');
  expect(distributionId('ID="opensuse-leap"\n')).toBe('opensuse-leap');
  expect(distributionId('')).toBe(undefined);
});

describe('system packages', () => {
  const debianRoot = {
    platform: 'linux',
    distribution: 'debian',
    isRoot: true,
    missing: ['chromium'],
  };

  test('are installed on Debian as root', () => {
    expect(planSystemPackages(debianRoot)).toEqual({ install: ['chromium'] });
  });

  test('are left alone when nothing is missing', () => {
    expect(planSystemPackages({ ...debianRoot, missing: [] })).toEqual({ install: [] });
  });

  test('are named, not installed, without root', () => {
    expect(planSystemPackages({ ...debianRoot, isRoot: false })).toEqual({
      install: [],
      hint: 'sudo apt-get install chromium',
    });
  });

  test('are nothing to apt elsewhere', () => {
    const none = { install: [], hint: undefined };
    expect(planSystemPackages({ ...debianRoot, distribution: 'ubuntu' })).toEqual(none);
    expect(planSystemPackages({ ...debianRoot, platform: 'darwin' })).toEqual(none);
    expect(planSystemPackages({ ...debianRoot, platform: 'win32' })).toEqual(none);
  });
});

describe('browsers', () => {
  const linux = { platform: 'linux', env: { PATH: '/opt/bin' }, home: '/home/a' };

  test('a variable names one', () => {
    const env = { RINGFENCE_CHROMIUM: '/opt/chrome' };
    expect(browserCandidates('chromium', { ...linux, env })).toEqual(['/opt/chrome']);
  });

  test('Debian and the PATH on Linux', () => {
    expect(browserCandidates('firefox', linux)).toEqual([
      '/usr/bin/firefox-esr',
      '/opt/bin/firefox-esr',
      '/usr/bin/firefox',
      '/opt/bin/firefox',
    ]);
    expect(browserCandidates('chromium', linux)[0]).toBe('/usr/bin/chromium');
  });

  test('applications on macOS', () => {
    const candidates = browserCandidates('chromium', { ...linux, platform: 'darwin' });
    expect(candidates[0]).toBe('/Applications/Google Chrome.app/Contents/MacOS/Google Chrome');
    expect(candidates).toContain('/home/a/Applications/Chromium.app/Contents/MacOS/Chromium');
  });

  test('program folders on Windows', () => {
    const env = { PROGRAMFILES: 'C:\\Program Files' };
    expect(browserCandidates('chromium', { ...linux, platform: 'win32', env })).toEqual([
      'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
      'C:\\Program Files\\Chromium\\Application\\chrome.exe',
      'C:\\Program Files\\Microsoft\\Edge\\Application\\msedge.exe',
    ]);
  });
});
