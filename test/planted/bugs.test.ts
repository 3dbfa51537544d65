import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PLANTED_BUGS } from './bugs.ts';
import { plant } from './plant.ts';

const root = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

// That each of them is caught takes minutes: `npm run test:long -- planted-bugs`.
test.each(PLANTED_BUGS.map((bug) => [bug.name, bug] as const))(
  'the place for a planted bug is there, once, and its test exists (F21): %s',
  (_, bug) => {
    for (const edit of bug.edits) expect(plant(read(edit.file), edit)).not.toBe(read(edit.file));
    expect(read(bug.test.file)).toContain(bug.test.name);
  },
);
