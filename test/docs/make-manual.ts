// node test/docs/make-manual.ts          docs/manual, as the commands are now
// node test/docs/make-manual.ts FOLDER   the man pages, into FOLDER
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VERSION } from '../../src/version.ts';
import { describeCommand, loadProgram } from './command-tree.ts';
import { manPages } from './man-pages.ts';
import { manualPages } from './manual-pages.ts';

/** Of the build; SOURCE_DATE_EPOCH makes it the same everywhere. */
function dateOfBuild(): string {
  const epoch = process.env['SOURCE_DATE_EPOCH'];
  return new Date(epoch === undefined ? Date.now() : Number(epoch) * 1000).toISOString().slice(0, 10);
}

const program = describeCommand(await loadProgram());
const [, , target] = process.argv;
const folder = target ?? join(import.meta.dirname, '../../docs/manual');
const pages =
  target === undefined ? manualPages(program) : manPages(program, { version: VERSION, date: dateOfBuild() });
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder)) if (!pages.has(name)) rmSync(join(folder, name));
for (const [name, text] of pages) writeFileSync(join(folder, name), text);
