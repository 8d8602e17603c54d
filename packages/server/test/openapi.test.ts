import { expect, it } from 'vitest';
import { serverDocument } from './openapi-document.ts';

it('docs/openapi.json says what the code checks (vitest -u writes it)', async () => {
  const text = `${JSON.stringify(serverDocument(), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot('../../../docs/openapi.json');
});
