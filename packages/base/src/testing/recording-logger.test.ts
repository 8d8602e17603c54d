import { expect, test } from 'vitest';
import { silentLogger } from '../logger.ts';
import { RecordingLogger } from './recording-logger.ts';

test('keeps each line with its level', () => {
  const logger = new RecordingLogger();
  logger.debug('d');
  logger.info('i', { port: 1 });
  logger.warn('w', { code: 4029 });
  logger.error('e');
  expect(logger.lines).toEqual([
    { level: 'debug', message: 'd', fields: {} },
    { level: 'info', message: 'i', fields: { port: 1 } },
    { level: 'warn', message: 'w', fields: { code: 4029 } },
    { level: 'error', message: 'e', fields: {} },
  ]);
});

test('the silent logger drops every line', () => {
  const { debug, info, warn, error } = silentLogger;
  expect([debug('d'), info('i'), warn('w'), error('e')]).toEqual(Array(4).fill(undefined));
});
