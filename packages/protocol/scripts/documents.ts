/* Writes docs/asyncapi.json and the tables of docs/PROTOCOL.md. A test holds both to the code. */
import { readFileSync, writeFileSync } from 'node:fs';
import { asyncApiText, protocolText } from '../test/document-texts.ts';

const docs = new URL('../../../docs/', import.meta.url);
const protocol = new URL('PROTOCOL.md', docs);

writeFileSync(new URL('asyncapi.json', docs), asyncApiText());
writeFileSync(protocol, protocolText(readFileSync(protocol, 'utf8')));
