// `npm run demo`: two people on this machine, with the real program, from an empty folder to an approved key change.
// Nothing is played: every line after “sees” was printed by a program, and whatever does not happen ends this with exit 1.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkEnvelope } from './check-envelope.ts';
import { freePort } from '../free-port.ts';
import { Person, type Ended, type Program } from './person.ts';

const HELLO = 'hello bob, can you read this?';

function tell(line: string): void {
  process.stdout.write(line === '' ? '\n' : `   ${line}\n`);
}

let chapters = 0;
function chapter(title: string, ...words: readonly string[]): void {
  chapters += 1;
  process.stdout.write(`\n${chapters}. ${title}\n`);
  for (const line of words) process.stdout.write(`   ${line}\n`);
  tell('');
}

function expectThat(holds: boolean, what: string): void {
  if (!holds) throw new Error(`this is not so: ${what}`);
  tell(`✓ ${what}`);
}

function expectExit({ exitCode }: Ended, expected: number, meaning: string): void {
  expectThat(exitCode === expected, `exit ${exitCode}: ${meaning}`);
}

async function knows(person: Person, other: Person, password: string): Promise<void> {
  const place = ['--ip', '127.0.0.1', '--port', String(other.port)];
  const added = await person.runs(['directory', 'add', other.name, ...place, '--password-stdin'], {
    stdin: `${password}\n`,
  });
  if (added.exitCode !== 0) throw new Error(`${person.name} cannot add ${other.name}`);
}

/** One types, the other sees it, and the first is told so. */
async function talks(
  from: Program,
  to: string,
  reader: Program,
  sender: string,
  text: string,
): Promise<void> {
  from.types(`@${to} ${text}`);
  await reader.sees(new RegExp(`^${sender}: ${text.replaceAll('?', String.raw`\?`)}$`));
  await from.sees(new RegExp(`^→ ${to}: delivered`));
}

interface Cast {
  readonly alice: Person;
  readonly bob: Person;
  readonly carol: Person;
}

async function play({ alice, bob, carol }: Cast): Promise<void> {
  chapter(
    'Two people, two directory files',
    'A list of {username, password, port, ip}. Alice and Bob each told the other a password; both files have both.',
  );
  for (const person of [alice, bob]) {
    await knows(person, alice, 'tulips in november');
    await knows(person, bob, 'a horse on the stairs');
  }

  chapter(
    'First contact',
    'The passwords prove who is who without leaving either machine; then the keys are kept.',
  );
  const [atAlice, firstBob] = await Promise.all([alice.starts(), bob.starts()]);
  await talks(atAlice, 'bob', firstBob, 'alice', HELLO);
  await atAlice.sees(/^· first contact with bob/);
  await talks(firstBob, 'alice', atAlice, 'bob', 'loud and clear');
  showEnvelope(atAlice);
  const oldNumber = await compareNumbers(alice, bob);

  chapter('Bob goes offline; what Alice writes waits', 'She sees why, and when the next try is.');
  await leaves(firstBob, 'bob');
  atAlice.types('@bob are you still there?');
  await atAlice.sees(/^→ bob: not delivered yet: .*\[refused\]$/);
  await atAlice.sees(/The next try is at \d\d:\d\d:\d\d/);
  const secondBob = await bob.starts();
  await secondBob.sees(/^alice: are you still there\?$/);
  await atAlice.sees(/^→ bob: delivered/);

  await tryWrongPassword(carol, bob, secondBob);
  await changeKey({ alice, bob, atAlice, atBob: secondBob, oldNumber });
}

function showEnvelope(program: Program): void {
  chapter(
    'What Alice’s program sent',
    'The envelope of her first text, before the record layer encrypts it once more.',
  );
  const [envelope = ''] = program.envelopes;
  tell(envelope);
  for (const finding of checkEnvelope(envelope, HELLO)) tell(`✓ ${finding}`);
}

/** Resolves to the sixty digits. */
async function compareNumbers(alice: Person, bob: Person): Promise<string> {
  chapter(
    'The safety number',
    'Alice and Bob may read it to each other by phone: then nobody is in between.',
  );
  const numbers: string[] = [];
  for (const [person, other] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    const { lines } = await person.runs(['verify', other.name]);
    numbers.push(digits(lines.filter((line) => /^ +[\d ]+$/.test(line)).join('')));
  }
  const [number = ''] = numbers;
  expectThat(number.length === 60 && numbers[1] === number, 'both see the same sixty digits');
  return number;
}

async function tryWrongPassword(carol: Person, bob: Person, atBob: Program): Promise<void> {
  chapter('A wrong password', 'Bob adds Carol while his program runs. Carol has mistyped what he told her.');
  await knows(bob, carol, 'seven wet umbrellas');
  await atBob.sees(/^· the directory changed: \+carol/);
  await knows(carol, carol, 'seven wet umbrellas');
  await knows(carol, bob, 'a horse on the chairs');
  const refused = await carol.runs(['send', 'bob', 'it is carol']);
  expectExit(refused, 4, 'who they are is not proven; the text is held');
  expectThat(
    refused.lines.some((line) => line.includes('[password-mismatch]')),
    'Carol’s program says why',
  );
  await carol.runs(['directory', 'set', 'bob', '--password-stdin'], { stdin: 'a horse on the stairs\n' });
  expectExit(await carol.runs(['send', 'bob', 'really']), 0, 'Bob has it, and what was held before it');
  await atBob.sees(/^carol: it is carol$/);
  await atBob.sees(/^carol: really$/);
}

async function changeKey(scene: {
  readonly alice: Person;
  readonly bob: Person;
  readonly atAlice: Program;
  readonly atBob: Program;
  readonly oldNumber: string;
}): Promise<void> {
  const { alice, bob, atAlice, atBob, oldNumber } = scene;
  chapter(
    'Bob comes back with another key',
    'His disk died. He knows the passwords, but so might somebody else.',
  );
  await leaves(atBob, 'bob');
  rmSync(bob.dataFolder, { recursive: true });
  const newBob = await bob.starts();
  atAlice.types('@bob is it you?');
  newBob.types('@alice it is me, with a new disk');
  await atAlice.sees(/^!!! KEY CHANGED: bob/);
  const shownOld = digits((await atAlice.sees(/^!!! +old safety number: ([\d ]+)$/))[1]);
  const newNumber = digits((await atAlice.sees(/^!!! +new safety number: ([\d ]+)$/))[1]);
  await newBob.sees(/^!!! YOUR KEY WAITS: alice/);
  const atBobs = digits((await newBob.sees(/^!!! +your safety number with alice: ([\d ]+)$/))[1]);
  expectThat(shownOld === oldNumber && newNumber !== oldNumber, 'Alice sees the old number and another one');
  expectThat(atBobs === newNumber, 'Bob sees the new number too: he reads it to her by phone');

  chapter('Alice approves the key', 'In a second terminal, beside her program; then what was held goes out.');
  expectExit(
    await alice.runs(['trust', 'bob', '--fingerprint', newNumber]),
    0,
    'the new key is the pinned one',
  );
  await newBob.sees(/^alice: is it you\?$/);
  await atAlice.sees(/^→ bob: delivered/);
  await atAlice.sees(/^bob: it is me, with a new disk$/);
  await newBob.sees(/^→ alice: delivered/);
  await leaves(atAlice, 'alice');
  await leaves(newBob, 'bob');
  const { lines } = await alice.runs(['history', 'bob']);
  expectThat(
    lines.some((line) => line.includes('is it you?')),
    'her history has everything',
  );
}

async function leaves(program: Program, name: string): Promise<void> {
  expectExit(await program.ends(), 0, `${name} leaves`);
}

function digits(text: string | undefined): string {
  return (text ?? '').replaceAll(/\D/g, '');
}

async function main(): Promise<number> {
  const startedAt = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'sotto-demo-'));
  const cast: Cast = {
    alice: new Person('alice', await freePort(), folder, tell),
    bob: new Person('bob', await freePort(), folder, tell),
    carol: new Person('carol', await freePort(), folder, tell),
  };
  const clear = async (): Promise<void> => {
    for (const person of [cast.alice, cast.bob, cast.carol]) await person.leaves();
    rmSync(folder, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void clear().finally(() => process.exit(1)));
  try {
    process.stdout.write(`Sotto: two people talk, on this machine, in ${folder}\n`);
    await play(cast);
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    process.stdout.write(`\nEverything happened as it should, in ${seconds} s.\n`);
    return 0;
  } catch (error) {
    process.stdout.write(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    await clear();
  }
}

process.exitCode = await main();
