import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CodedError } from '../../src/base/index.ts';
import { lockHome } from '../../src/store/index.ts';
import { startNode, type ChildNode } from './child-node.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sotto-home-'));
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

const store = join(import.meta.dirname, '../../src/store/index.ts');

/** Says `held` or the error, and keeps what it holds until it is killed. */
function startHolder(): ChildNode {
  return startNode(`
    import { lockHome } from ${JSON.stringify(store)};
    try { globalThis.held = lockHome(${JSON.stringify(home)}); console.log('held'); } catch (error) { console.log(error.code + ' ' + error.message); }
    setInterval(() => {}, 1_000);`);
}

function refusal(): CodedError {
  try {
    lockHome(home)[Symbol.dispose]();
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
  throw new Error('the lock was free');
}

test('a second lock in the same process is refused, and a released one is free again', () => {
  const first = lockHome(home);
  expect(refusal().code).toBe('home-locked');
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  lockHome(home)[Symbol.dispose]();
  expect(readdirSync(home)).toEqual(['lock']);
});

test('the refusal names the process that holds the home', async () => {
  await using holder = startHolder();
  expect(await holder.line()).toBe('held');
  const error = refusal();
  expect(error.code).toBe('home-locked');
  expect(error.message).toContain(`(process ${holder.pid}, started 20`);
});

test('a killed holder leaves nothing that keeps the next one out; a stopped one still holds', async () => {
  await using holder = startHolder();
  await holder.line();
  holder.signal('SIGSTOP');
  expect(refusal().code).toBe('home-locked');
  await holder.kill();
  lockHome(home)[Symbol.dispose]();
});

test('of many starts at once, after a kill, exactly one wins, every time', async () => {
  for (let round = 0; round < 3; round++) {
    const holders = Array.from({ length: 6 }, () => startHolder());
    try {
      const answers = await Promise.all(holders.map(async (holder) => holder.line()));
      expect(answers.filter((answer) => answer === 'held')).toHaveLength(1);
      const winner = holders[answers.indexOf('held')]!;
      for (const answer of answers.filter((text) => text !== 'held')) {
        expect(answer).toMatch(/^home-locked /);
        expect(answer).toContain(`process ${winner.pid},`);
      }
    } finally {
      await Promise.all(holders.map(async (holder) => holder.kill()));
    }
  }
});

test('a home that cannot be used is named so', () => {
  const file = join(home, 'file');
  writeFileSync(file, '');
  expect(() => lockHome(join(home, 'missing'))).toThrow(/cannot be locked/);
  expect(() => lockHome(file)).toThrow(/cannot be locked/);
  writeFileSync(
    join(home, 'lock'),
    'not an empty database, and longer than its header of one hundred bytes'.repeat(9),
  );
  expect(() => lockHome(home)).toThrow(/cannot be locked/);
});
