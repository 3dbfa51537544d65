// Runs test/cli/*.txt: command lines over a fake chat, with what goes in and what must come out. A script reads:
//   # what it shows              given NAME [BEHAVIOUR]       a contact (contacts.ts)
//   env NAME=VALUE               incoming NAME TEXT           a message that arrives at once (\u1234 is decoded)
//   guessed NAME COUNT          that many failed attempts are told
//   past AGE <NAME|>NAME TEXT    said before: to us or by us; AGE is 2d, 3h … before now
//   waiting AGE NAME TEXT        queued before            belated NAME TEXT   as incoming, from before the start
//   draft NAME TEXT              begun before              muted NAME          until it is unmuted
//   reads NAME POSITION          what was read before
//   served                       another program listens with this home
//   traced LINE                  that goes on inside it
//   running HOW                  a program has this home: node, attended or passing (fake-node.ts)
//   disk CODE                    the disk takes nothing       stdout CODE         whatever is written there fails with CODE
//   file PATH                    this directory file exists   broken CODE   opening the chat fails with CODE
//   tty                          a person sits there          screen              and stdout is the terminal, too
//   signal NAME after TEXT
//   locked PASSPHRASE            the home is under it
//   $ sotto …                    < stdin    > stdout    ! stderr    = exit code    @ what the chat was told
// In expected lines {*} stands for anything, and ␛ for the escape character.
import { EventEmitter } from 'node:events';
import { chmodSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import * as v from 'valibot';
import { expect } from 'vitest';
import { PUBLIC } from '../../src/api/json/index.ts';
import { MUTED_FOR_GOOD } from '../../src/api/index.ts';
import type { ErrorCode } from '../../src/base/index.ts';
import { EXIT } from '../../src/cli/exit-code.ts';
import { runCli, type SignalName } from '../../src/cli/index.ts';
import { wantsJson } from '../../src/cli/report-error.ts';
import {
  createFakeServices,
  incoming,
  type FakeContact,
  type FakeMessage,
  type FakeServices,
} from '../../src/testing/fake-chat.ts';
import type { FakeRunning } from '../../src/testing/fake-node.ts';
import { parseMoment } from '../../src/cli/settings/duration.ts';
import { contactLike } from './contacts.ts';

// A checkout makes files that others can read, of which the program would warn.
const SECRETS = join(import.meta.dirname, 'secrets');
for (const name of readdirSync(SECRETS)) chmodSync(join(SECRETS, name), 0o600);

const BLOCKED_UNTIL = Date.UTC(2026, 0, 2, 3, 4, 5);

interface Given {
  readonly contacts: FakeContact[];
  readonly incoming: [name: string, text: string, isBelated: boolean][];
  readonly past: FakeMessage[];
  readonly guessed: [name: string, failures: number][];
  readonly drafts: [name: string, text: string][];
  readonly muted: string[];
  readonly read: [name: string, upTo: number][];
  readonly env: Record<string, string>;
  readonly files: string[];
  readonly signals: { readonly name: SignalName; readonly after: string }[];
  broken: ErrorCode | undefined;
  disk: ErrorCode | undefined;
  served: boolean;
  running: FakeRunning | undefined;
  readonly traced: string[];
  passphrase: string | undefined;
  tty: boolean;
  screen: boolean;
  stdoutFails: string | undefined;
}

interface Step {
  readonly argv: readonly string[];
  readonly stdin: string[];
  readonly stdout: string[];
  readonly stderr: string[];
  readonly calls: string[];
  exit: number | undefined;
}

/** Runs a whole script; fails with the first line that is not as it says. */
export async function runScript(text: string): Promise<void> {
  const { given, steps } = parseScript(text);
  expect(steps.length).toBeGreaterThan(0);
  for (const step of steps) await runStep(given, step);
}

async function runStep(given: Given, step: Step): Promise<void> {
  const services = servicesOf(given);
  const signals = new EventEmitter();
  const stdin = Object.assign(new PassThrough(), { isTTY: given.tty, setRawMode: () => undefined });
  const answers = [...step.stdin];
  const out = { stdout: '', stderr: '' };
  const sink = (name: keyof typeof out): Writable & { isTTY: boolean } =>
    Object.assign(
      new Writable({
        write(chunk: Buffer, _encoding, callback) {
          if (name === 'stdout' && given.stdoutFails !== undefined)
            return callback(Object.assign(new Error(given.stdoutFails), { code: given.stdoutFails }));
          out[name] += chunk.toString();
          for (const signal of given.signals)
            if (`${out.stdout}${out.stderr}`.includes(signal.after))
              setImmediate(() => signals.emit(signal.name));
          // A person answers a question, and the terminal shows the end of the line.
          if (given.tty && name === 'stderr' && /[^\n]$/.test(chunk.toString())) answer();
          // After the questions there is no prompt: the rest is typed without one.
          if (given.tty && chunk.toString().startsWith('Type a text'))
            stdin.end(
              answers
                .splice(0)
                .map((line) => `${line}\n`)
                .join(''),
            );
          callback();
        },
      }),
      { isTTY: given.tty && (name === 'stderr' || given.screen) },
    );
  const answer = (): void => {
    const next = answers.shift();
    if (next === undefined) return void stdin.end();
    out.stderr += '\n';
    setImmediate(() => stdin.write(`${next}\n`));
  };
  if (!given.tty) stdin.end(step.stdin.map((line) => `${line}\n`).join(''));
  const exit = await runCli({
    version: '0.0.0',
    argv: step.argv,
    env: { HOME: '/home/alice', NO_COLOR: '1', ...given.env },
    services: async () => services,
    stdio: { stdin, stdout: sink('stdout'), stderr: sink('stderr') },
    signals,
  });
  const name = `sotto ${step.argv.join(' ')}`;
  expectLines(`${name}: stdout`, out.stdout, step.stdout);
  expectLines(`${name}: stderr`, out.stderr, step.stderr);
  if (wantsJson(step.argv) && given.stdoutFails === undefined) expectObjects(name, out.stdout, exit);
  expect({ name, exit, calls: callsOf(services) }).toEqual({ name, exit: step.exit, calls: step.calls });
}

function servicesOf(given: Given): FakeServices {
  const events = given.incoming.map(([name, text, isBelated], i) => ({
    ...incoming(name, text, `01920000-0000-7000-8000-9${String(i).padStart(11, '0')}` as never),
    ...(isBelated && { isBelated }),
  }));
  const guesses = given.guessed.map(
    ([name, failures]) =>
      ({
        type: 'password-guesses',
        name,
        failures,
        address: '192.0.2.7',
        ...(failures > 5 ? { blockedUntilWall: BLOCKED_UNTIL } : {}),
      }) as const,
  );
  const code = given.broken;
  const services = createFakeServices({
    contacts: given.contacts,
    events: [...guesses, ...events],
    past: given.past,
    isServed: given.served,
    ...(given.running && { running: given.running }),
    ...(given.disk && { disk: { code: given.disk, message: `it is ${given.disk}` } }),
    ...(given.passphrase !== undefined && { passphrase: given.passphrase }),
    ...(code && {
      openFailure: ({ as }: { readonly as?: string }) =>
        as === undefined ? { code, message: `opening failed with ${code}` } : undefined,
    }),
  });
  const { chat } = services;
  for (const [name, text] of given.drafts) chat.drafts.set(name, text);
  for (const name of given.muted) chat.muted.set(name, MUTED_FOR_GOOD);
  for (const [name, upTo] of given.read) chat.readUpTo.set(name, upTo);
  for (const line of given.traced) services.chat.emitTrace(line);
  for (const path of given.files)
    services.files.set(path, [
      { username: 'alice', password: 'a', ip: '127.0.0.1', port: 7688 },
      { username: 'bob', password: 'b', ip: '127.0.0.1', port: 7689 },
    ]);
  return services;
}

/** What the chat was told, in words: how it was opened, what was sent, what was decided. */
function callsOf(services: FakeServices): readonly string[] {
  const opened = services.opened.map((options) =>
    // Without one it is that of the own entry, which has 7688 here.
    ['open', options.mode, `port=${options.port ?? 7688}`, options.directory, ...extras(options)].join(' '),
  );
  const sent = services.chat.sent.map(
    ({ to, text, replyTo, expiresAtWall }) =>
      `text ${to} ${replyTo === undefined ? '' : `re ${replyTo.slice(-8)} `}${text.length > 100 ? `${text.length} bytes` : JSON.stringify(text)}${expiresAtWall === undefined ? '' : ` for ${Math.round((expiresAtWall - Date.now()) / 60_000)} min`}`,
  );
  const entries = [...services.files].flatMap(([path, list]) =>
    list
      .filter(({ password }) => password.length > 1)
      .map((entry) => `entry ${path} ${entry.username} ${entry.password} ${entry.ip}:${entry.port}`),
  );
  return [...opened, ...sent, ...services.chat.calls, ...conversations(services.chat), ...entries];
}

/** How what persons did to their conversations stands in the end. */
function conversations({ drafts, muted, readUpTo }: FakeServices['chat']): readonly string[] {
  return [
    ...[...drafts].map(([name, text]) => `draft ${name} ${JSON.stringify(text)}`),
    ...[...muted].map(([name, until]) =>
      until === MUTED_FOR_GOOD
        ? `muted ${name}`
        : `muted ${name} for ${Math.round((until - Date.now()) / 60_000)} min`,
    ),
    ...[...readUpTo].map(([name, upTo]) => `read ${name} ${upTo}`),
  ];
}

function extras(options: FakeServices['opened'][number]): readonly string[] {
  return [
    ...(options.as === undefined ? [] : [`as=${options.as}`]),
    ...(options.bind === undefined ? [] : [`bind=${options.bind.join(',')}`]),
    ...(options.isClosed === true ? ['closed'] : []),
    ...(options.keepMs === undefined ? [] : [`keep=${options.keepMs}`]),
    ...(options.home === undefined ? [] : [`home=${options.home}`]),
    `linger=${options.lingerMs ?? 60_000}`,
  ];
}

function expectLines(what: string, actual: string, expected: readonly string[]): void {
  const shown = actual.replace(/\n$/, '').replaceAll('\u001B', '␛');
  const lines = actual === '' ? [] : shown.split('\n');
  const readable = lines.map((line, i) => (matches(line, expected[i]) ? (expected[i] ?? line) : line));
  expect({ what, lines: readable }).toEqual({ what, lines: expected });
}

/** What docs/json.md promises: each line is one of its objects, to the last field, and what fails says so in one. */
function expectObjects(what: string, stdout: string, exit: number): void {
  const objects = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as unknown]));
  for (const object of objects) expect({ what, object }).toEqual({ what, object: v.parse(PUBLIC, object) });
  // A signal says it all.
  const isSaid = exit === EXIT.done || exit > 128 || objects.length > 0;
  expect({ what, isSaid }).toEqual({ what, isSaid: true });
}

function matches(line: string, pattern: string | undefined): boolean {
  if (pattern === undefined) return false;
  const parts = pattern.split('{*}').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 'su').test(line);
}

function parseScript(text: string): { readonly given: Given; readonly steps: readonly Step[] } {
  const given: Given = {
    contacts: [],
    incoming: [],
    past: [],
    guessed: [],
    drafts: [],
    muted: [],
    read: [],
    env: {},
    files: [],
    signals: [],
    broken: undefined,
    disk: undefined,
    served: false,
    running: undefined,
    traced: [],
    passphrase: undefined,
    tty: false,
    screen: false,
    stdoutFails: undefined,
  };
  const steps: Step[] = [];
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('$ sotto')) steps.push(newStep(line.slice('$ sotto'.length)));
    else if (/^[<>!=@]( |$)/.test(line)) addToStep(steps.at(-1)!, line);
    else addToGiven(given, line);
  }
  return { given, steps };
}

function newStep(commandLine: string): Step {
  const argv = [...commandLine.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
  return { argv: argv.map(decode), stdin: [], stdout: [], stderr: [], calls: [], exit: undefined };
}

function addToStep(step: Step, line: string): void {
  const rest = line.slice(2);
  if (line[0] === '<') step.stdin.push(decode(rest));
  else if (line[0] === '>') step.stdout.push(rest);
  else if (line[0] === '!') step.stderr.push(rest);
  else if (line[0] === '@') step.calls.push(rest);
  else step.exit = Number(rest);
}

function addToGiven(given: Given, line: string): void {
  const [word, first = '', ...rest] = line.split(' ');
  if (word === 'given') given.contacts.push(contactLike(first, rest.join(' ')));
  else if (word === 'env')
    given.env[first.split('=')[0]!] = [first, ...rest].join(' ').replace(/^[^=]*=/, '');
  else if (word === 'incoming' || word === 'belated')
    given.incoming.push([first, decode(rest.join(' ')), word === 'belated']);
  else if (word === 'past' || word === 'waiting')
    given.past.push(
      pastMessage(given.past.length, word, first, rest[0] ?? '', decode(rest.slice(1).join(' '))),
    );
  else if (word === 'draft') given.drafts.push([first, decode(rest.join(' '))]);
  else if (word === 'muted') given.muted.push(first);
  else if (word === 'reads') given.read.push([first, Number(rest[0])]);
  else if (word === 'served') given.served = true;
  else if (word === 'traced') given.traced.push([first, ...rest].join(' '));
  else if (word === 'running') given.running = first as FakeRunning;
  else if (word === 'disk') given.disk = first as ErrorCode;
  else if (word === 'guessed') given.guessed.push([first, Number(rest[0])]);
  else if (word === 'file') given.files.push(first);
  else if (word === 'broken') given.broken = first as ErrorCode;
  else if (word === 'locked') given.passphrase = [first, ...rest].join(' ');
  else if (word === 'tty') given.tty = true;
  else if (word === 'screen') given.screen = true;
  else if (word === 'stdout') given.stdoutFails = first;
  else if (word === 'signal')
    given.signals.push({ name: first as SignalName, after: rest.slice(1).join(' ') });
  else throw new Error(`the script has an unknown line: ${line}`);
}

function pastMessage(
  index: number,
  word: 'past' | 'waiting',
  age: string,
  who: string,
  text: string,
): FakeMessage {
  const wall = parseMoment(age, 'AGE', Date.now());
  const isOutgoing = word === 'waiting' || who.startsWith('>');
  return {
    id: `01910000-0000-7000-8000-0000aaaa${String(index + 1).padStart(4, '0')}` as never,
    with: who.replace(/^[<>]/, ''),
    direction: isOutgoing ? 'out' : 'in',
    text,
    writtenAtWall: wall,
    storedAtWall: wall,
    ...(isOutgoing && {
      progress: word === 'waiting' ? { state: 'queued', held: false } : { state: 'delivered', tookMs: 42 },
    }),
  };
}

function decode(text: string): string {
  return text
    .replaceAll(/\\u([0-9a-f]{4})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replaceAll(String.raw`\n`, '\n')
    .replaceAll(/\\x\{(\d+)\}/g, (_all, count: string) => 'x'.repeat(Number(count)));
}
