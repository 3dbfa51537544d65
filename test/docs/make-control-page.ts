// Writes docs/openrpc.json, and the table of methods into docs/control.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { withMethods } from './control-page.ts';
import { openRpcDocument } from './openrpc.ts';

const docs = join(import.meta.dirname, '../../docs');
const document = join(docs, 'openrpc.json');
const style = { ...(await resolveConfig(document)), filepath: document };
writeFileSync(document, await format(JSON.stringify(openRpcDocument()), style));
const page = join(docs, 'control.md');
writeFileSync(page, withMethods(readFileSync(page, 'utf8')));
