import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Person } from '../demo/person.ts';
import { freePort } from '../free-port.ts';

// What the scripts show over a fake chat, with real programs, homes and kills.

let folder = '';
let alice: Person;
let bob: Person;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-real-'));
  alice = new Person('alice', await freePort(), folder, () => undefined);
  bob = new Person('bob', await freePort(), folder, () => undefined);
  for (const owner of [alice, bob])
    for (const { name, port } of [alice, bob]) {
      const place = ['--ip', '127.0.0.1', '--port', String(port), '--password-stdin'];
      await owner.runs(['directory', 'add', name, ...place], { stdin: `the password of ${name}\n` });
    }
});
afterEach(async () => {
  for (const person of [alice, bob]) await person.leaves();
  rmSync(folder, { recursive: true, force: true });
});

test('a text outlives its command and a killed program, and goes out when both run (DLV-04)', async () => {
  const late = await alice.runs(['send', 'bob', 'first', '--timeout', '3s']);
  expect(late.exitCode).toBe(5);
  expect(late.lines[0]).toMatch(
    /^not delivered to bob within 3 s, kept; goes out when Sotto next runs: Nobody listens at .* \[timeout\]$/,
  );
  const killed = await alice.starts();
  await killed.sees(/^· 1 text waits for bob from before$/);
  killed.types('@bob second');
  await killed.sees(/^→ bob: not delivered yet: .*\[refused\]$/);
  const beside = await alice.runs(['send', 'bob', 'third', '--timeout', '0.2s']);
  expect([beside.exitCode, beside.lines[0]]).toEqual([
    5,
    expect.stringContaining('kept; the running Sotto goes on trying'),
  ]);
  await killed.kill();
  const waiting = (await alice.runs(['outbox', '--json'])).lines.map(
    (line) => JSON.parse(line) as { readonly text: string; readonly state: string },
  );
  expect(waiting.map(({ text, state }) => [text, state])).toEqual([
    ['first', 'queued'],
    ['second', 'queued'],
    ['third', 'queued'],
  ]);
  const atBob = await bob.starts();
  const atAlice = await alice.starts();
  await atAlice.sees(/^· everything from before is delivered to bob$/);
  for (const text of ['first', 'second', 'third']) await atBob.sees(new RegExp(`^alice: ${text}$`));
  expect((await atBob.ends()).lines.filter((line) => line.startsWith('alice: '))).toEqual([
    'alice: first',
    'alice: second',
    'alice: third',
  ]);
  expect((await atAlice.ends()).exitCode).toBe(0);
  expect((await alice.runs(['outbox'])).lines).toEqual(['nothing waits']);
}, 300_000);

test('what came while no screen was there is shown at the next start, once', async () => {
  for (const text of ['one', 'two'])
    expect((await alice.runs(['send', 'bob', text, '--wait', 'queued'])).exitCode).toBe(0);
  const atAlice = await alice.starts();
  expect((await bob.runs(['send', 'alice', 'only passing by'])).exitCode).toBe(0);
  await atAlice.sees(/^bob: only passing by$/);
  // Alice calls again until Bob, who has no screen, has taken them.
  const atBob = await bob.starts();
  await atBob.sees(/^alice( \(.*\))?: one$/);
  await atBob.sees(/^alice( \(.*\))?: two$/);
  await atBob.ends();
  const again = await bob.starts();
  expect((await again.ends()).lines.filter((line) => line.includes('one') || line.includes('two'))).toEqual(
    [],
  );
}, 300_000);

test('history is searched, exported and deleted beside the running program', async () => {
  const atAlice = await alice.starts();
  const atBob = await bob.starts();
  atAlice.types('@bob a green apple\u001b[2J');
  await atBob.sees(/^alice: a green apple/);
  await atAlice.sees(/^→ bob: delivered/);
  const found = await bob.runs(['history', 'alice', '--search', 'gre app']);
  expect(found.lines.slice(1)).toEqual([
    expect.stringMatching(/^\d\d:\d\d alice: a green apple‹U\+001B›\[2J$/),
  ]);
  expect((await bob.runs(['history', '--search', 'banana'])).lines).toEqual(['no text matches “banana”']);
  const path = join(folder, 'all.jsonl');
  await bob.runs(['export', '--format', 'jsonl', '--output', path]);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
    with: 'alice',
    text: 'a green apple\u001b[2J',
  });
  const erased = await bob.runs(['delete', '--with', 'alice', '--yes']);
  expect(erased.lines).toEqual(['deleted: 1 message']);
  expect((await bob.runs(['history'])).lines).toEqual(['nothing was said']);
  // It is gone, but not unknown: it does not come again.
  expect((await alice.runs(['outbox', 'resend', 'bob', '--since', '1h'])).lines).toEqual([
    'queued again for bob: 1 text, kept; the running Sotto goes on trying',
  ]);
  atAlice.types('@bob the next one');
  await atBob.sees(/^alice: the next one$/);
  const { lines } = await atBob.ends();
  expect(lines.filter((line) => line.startsWith('alice: '))).toHaveLength(2);
}, 300_000);

test('what came when nobody read `listen` any more is shown by the next one', async () => {
  const listening = await alice.starts(['listen']);
  const read = async (text: string) => bob.runs(['send', 'alice', text, '--timeout', '10s']);
  expect((await read('one')).exitCode).toBe(0);
  await listening.sees(/^bob: one$/);
  listening.closeOutput();
  expect((await read('two')).exitCode).toBe(0);
  expect((await listening.ends()).lines.filter((line) => line.startsWith('bob'))).toEqual(['bob: one']);
  const again = await alice.starts(['listen']);
  await again.sees(/^bob( \(.*\))?: two$/);
  await again.kill();
}, 300_000);
