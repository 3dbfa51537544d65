import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MessageId } from '../../src/api/index.ts';
import { SETTING_KEYS, variableOf } from '../../src/cli/settings/setting.ts';
import { runCli } from '../../src/cli/index.ts';
import { controlPath, serveControl } from '../../src/control/index.ts';
import { quickSend, type QuickEnd } from '../../src/quick-send.ts';
import { createServices } from '../../src/services.ts';
import { createKey, lockOwnHome } from '../../src/store/index.ts';
import { FakeChat, type FakeChatOptions } from '../../src/testing/fake-chat.ts';

// The short way of `send --wait queued` says and does what the long way does, or leaves it to that one.

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const ENTRIES = [
  { username: 'alice', password: 'pw-alice', ip: '127.0.0.1', port: 7001 },
  { username: 'bob', password: 'pw-bob', ip: '192.0.2.2', port: 7002, key: `${'A'.repeat(43)}=`, note: 'hi' },
  { username: 'carol', password: 'pw-cärol', ip: 'carol.example', port: 7001 },
];

let folder = '';
let lock: Disposable;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-quick-'));
  createKey(folder, 'alice').fill(0);
  lock = lockOwnHome(folder);
  directory(JSON.stringify(ENTRIES, undefined, 2));
});
afterEach(() => {
  lock[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

function directory(text: string | Uint8Array): void {
  writeFileSync(join(folder, 'people.json'), text, { mode: 0o600 });
}

type Stdin = string | Uint8Array;

interface Done {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly sent: readonly (readonly [to: string, text: string])[];
}

function envOf(env: Readonly<Record<string, string>>): Record<string, string> {
  return { HOME: folder, SOTTO_HOME: folder, SOTTO_DIRECTORY: join(folder, 'people.json'), ...env };
}

/** Both ways, one after the other, beside a program that has the home. */
async function bothWays(
  argv: readonly string[],
  {
    stdin = '',
    env = {},
    ...options
  }: { stdin?: Stdin; env?: Record<string, string> } & Partial<FakeChatOptions> = {},
): Promise<{ readonly long: Done; readonly short: Done; readonly isShort: boolean }> {
  const all = envOf(env);
  const long = await beside(options, async () => longWay(argv, all, stdin));
  let isShort = false;
  const short = await beside(options, async () => {
    let said = '';
    const say = (line: string): void => void (said += line);
    const stdio = { stdin: Readable.from(stdin.length === 0 ? [] : [Buffer.from(stdin)]) };
    const end = await quickSend({ argv, env: all, stdio, say, signals: new EventEmitter() });
    isShort = 'exitCode' in end;
    if ('exitCode' in end) return { exit: end.exitCode, stdout: '', stderr: said };
    expect(said).toBe('');
    return longWay(argv, all, end.stdin ?? stdin);
  });
  return { long, short, isShort };
}

async function beside(
  options: Partial<FakeChatOptions>,
  run: () => Promise<Omit<Done, 'sent'>>,
): Promise<Done> {
  const chat = new FakeChat({
    contacts: [{ name: 'bob' }, { name: 'carol' }],
    ...options,
    self: { username: 'alice', home: folder, listening: [{ address: '::', port: 7001 }], ...options.self },
  });
  const server = await serveControl(chat, controlPath(folder, {}));
  try {
    return { ...(await run()), sent: chat.sent.map(({ to, text }) => [to, text]) };
  } finally {
    await server[Symbol.asyncDispose]();
  }
}

async function longWay(
  argv: readonly string[],
  env: Record<string, string>,
  stdin: Stdin,
  messageId?: MessageId,
): Promise<Omit<Done, 'sent'>> {
  const out = { stdout: '', stderr: '' };
  const sink = (name: keyof typeof out): Writable =>
    new Writable({
      write: (chunk: Buffer, _encoding, callback) => {
        out[name] += chunk.toString();
        callback();
      },
    });
  const exit = await runCli({
    version: '0.0.0',
    argv,
    env,
    services: async () => createServices(env),
    stdio: {
      stdin: Readable.from(stdin.length === 0 ? [] : [Buffer.from(stdin)]),
      stdout: sink('stdout'),
      stderr: sink('stderr'),
    },
    ...(messageId !== undefined && { messageId }),
  });
  return { exit, ...out };
}

const QUEUED = ['send', 'bob', '--wait', 'queued'] as const;

test('the short way queues plain texts, with the words of the long way', async () => {
  const cases: readonly [readonly string[], Parameters<typeof bothWays>[1]?][] = [
    [QUEUED, { stdin: 'hi\n' }],
    [[...QUEUED, '-'], { stdin: 'two\nlines\r\n' }],
    [QUEUED, { stdin: '\uFEFFa mark at the beginning, 中文 and \u001B[31m' }],
    [QUEUED, { stdin: 'x'.repeat(32 * 1024) + '\n' }],
    [['send', '--wait=queued', '--plain', 'carol', 'as a word']],
    [QUEUED, { stdin: 'hi', env: { SOTTO_AS: 'alice', SOTTO_PORT: '9' } }],
    [[...QUEUED, '--as', 'alice', '--port=7001', 'hi'], { env: { TERM: 'dumb' } }],
    [[...QUEUED, 'hi'], { self: { listening: [] } }],
  ];
  for (const [argv, options] of cases) {
    const { long, short, isShort } = await bothWays(argv, options);
    expect({ argv, isShort, ...short }).toEqual({ argv, isShort: true, ...long });
    expect([long.exit, long.sent.length]).toEqual([0, 1]);
  }
});

test('whatever is out of the ordinary goes the long way, with what was read', async () => {
  const cases: readonly [readonly string[], Parameters<typeof bothWays>[1]?][] = [
    [QUEUED, { stdin: '' }],
    [QUEUED, { stdin: '\n' }],
    [QUEUED, { stdin: new Uint8Array([0x68, 0xff]) }],
    [QUEUED, { stdin: 'x'.repeat(32 * 1024 + 1) }],
    [QUEUED, { stdin: 'x'.repeat(200_000) }],
    [['send', 'bbo', '--wait', 'queued'], { stdin: 'hi' }],
    [['send', 'alice', '--wait', 'queued', 'hi']],
    [['send', 'bob', 'carol', '--wait', 'queued', 'hi']],
    [[...QUEUED, '--', '--text']],
    [[...QUEUED, '']],
    [[...QUEUED, '--as', 'nobody', 'hi']],
    [[...QUEUED, '--as', 'carol', 'hi']],
    [[...QUEUED, '--wait', 'later', 'hi']],
    [[...QUEUED, '--prot', '1', 'hi']],
    [[...QUEUED, '--home']],
    [[...QUEUED, 'hi'], { env: { SOTTO_PORT: 'none' } }],
    [QUEUED, { stdin: 'hi', disk: { code: 'disk-full', message: 'it is disk-full' } }],
  ];
  for (const [argv, options] of cases) {
    const { long, short, isShort } = await bothWays(argv, options);
    expect({ argv, isShort, ...short }).toEqual({ argv, isShort: false, ...long });
  }
});

test('a directory with any mistake in it goes the long way', async () => {
  const [alice, bob] = ENTRIES;
  const files: readonly (string | Uint8Array)[] = [
    '[] // nobody',
    '',
    '\uFEFF[]',
    '{}',
    `[${JSON.stringify(alice)}, ${JSON.stringify(bob)},]`,
    JSON.stringify([alice, { ...bob, port: 0 }]),
    JSON.stringify([alice, { ...bob, port: '7002' }]),
    JSON.stringify([alice, { ...bob, username: 'AIice' }]),
    JSON.stringify([alice, { ...bob, username: 'a1ice' }]),
    JSON.stringify([alice, { ...bob, username: 'ALICE' }]),
    JSON.stringify([alice, { ...bob, username: 'аlice' }]),
    JSON.stringify([alice, { ...bob, username: '.bob' }]),
    JSON.stringify([alice, { ...bob, ip: '127.0.0.1', port: 7001 }]),
    JSON.stringify([alice, { ...bob, ip: '10.0.0.256' }]),
    JSON.stringify([alice, { ...bob, ip: '10.0.0.01' }]),
    JSON.stringify([alice, { ...bob, ip: 'example.1' }]),
    JSON.stringify([alice, { ...bob, password: '', key: undefined }]),
    JSON.stringify([alice, { ...bob, password: 'a\tb' }]),
    JSON.stringify([alice, { ...bob, password: 7 }]),
    JSON.stringify([alice, { ...bob, key: `${'A'.repeat(42)}B=` }]),
    JSON.stringify([alice, { ...bob, addresses: ['10.0.0.7:1'] }]),
    JSON.stringify([alice, bob]).replace('"note":"hi"', '"port":7002'),
    Buffer.from(JSON.stringify([alice, { ...bob, password: 'é' }]), 'latin1'),
  ];
  for (const [number, file] of files.entries()) {
    directory(file);
    const { long, short, isShort } = await bothWays([...QUEUED, 'hi'], { env: { SOTTO_AS: 'alice' } });
    expect({ number, isShort, ...short }).toEqual({ number, isShort: false, ...long });
    expect({ number, exit: long.exit }).toEqual({ number, exit: number === 6 ? 0 : 2 });
  }
});

test('plain settings of the configuration file are the short way’s too, and no others', async () => {
  const people = join(folder, 'people.json');
  const cases: readonly [config: string, isShort: boolean][] = [
    ['{}', true],
    [JSON.stringify({ as: 'alice', home: folder, directory: people, port: 7001 }), true],
    [JSON.stringify({ home: folder, directory: people }, undefined, 2), true],
    [JSON.stringify({ home: folder, directory: 'people.json' }), false],
    [JSON.stringify({ home: folder, directory: people, as: 'carol' }), false],
    [JSON.stringify({ home: folder, directory: people, port: '7001' }), false],
    [JSON.stringify({ home: folder, directory: people, port: 70010 }), false],
    [JSON.stringify({ home: folder, directory: people, timeout: '5s' }), false],
    [JSON.stringify({ home: folder, directory: people, hoem: '/x' }), false],
    [`{"home": "${folder}", "directory": "${people}", } // mine`, false],
    ['[]', false],
  ];
  mkdirSync(join(folder, 'sotto'));
  for (const [config, isShort] of cases) {
    writeFileSync(join(folder, 'sotto', 'config.json'), config);
    const where = config === '{}' ? {} : { SOTTO_HOME: '', SOTTO_DIRECTORY: '' };
    const env = { ...where, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
    const done = await bothWays([...QUEUED, 'hi'], { env });
    expect({ config, isShort: done.isShort, ...done.short }).toEqual({ config, isShort, ...done.long });
  }
});

test('a variable that the short way does not know, and send does, is left to the long way', async () => {
  const known = ['port', 'directory', 'as', 'home'];
  const none = ['bind', 'closed', 'keep', 'linger', 'pager'];
  for (const key of SETTING_KEYS.filter((each) => !known.includes(each))) {
    const { long, short, isShort } = await bothWays([...QUEUED, 'hi'], { env: { [variableOf(key)]: '1s' } });
    expect({ key, isShort, ...short }).toEqual({ key, isShort: none.includes(key), ...long });
  }
});

test('who one is, when nobody says it, is decided as on the long way', async () => {
  const env = { SOTTO_HOME: '', XDG_DATA_HOME: folder, SOTTO_PORT: '7001' };
  // Nobody has used alice’s default home: the short way finds no socket there, and the long way would make one.
  const nobody = await quickSend({
    argv: [...QUEUED, 'hi'],
    env: envOf(env),
    stdio: { stdin: new PassThrough() },
    say: () => undefined,
    signals: new EventEmitter(),
  });
  expect(nobody).toEqual({});
  const { long, short, isShort } = await bothWays([...QUEUED, 'hi'], {
    env: { SOTTO_PORT: '7009', SOTTO_HOME: '', XDG_DATA_HOME: folder },
  });
  expect({ isShort, ...short }).toEqual({ isShort: false, ...long });
  expect(long.stderr).toContain('[own-entry]');
});

/** Says its part, line by line, to whatever it is asked. */
async function server(answers: readonly (string | undefined)[], heard: string[]): Promise<Server> {
  const each = createServer((socket) => {
    const rest = [...answers];
    socket.on('data', (chunk) => {
      heard.push(chunk.toString());
      const answer = rest.shift();
      if (answer !== undefined) socket.write(`${answer}\n`);
      else if (rest.length === 0 && answers.length > 1) socket.destroy();
    });
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => each.listen(controlPath(folder, {}), resolve));
  return each;
}

const HELLO = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  result: { control: 2, identity: { type: 'identity', username: 'alice', listening: [] } },
});

async function quickly(stdin: Readable, signals: EventEmitter = new EventEmitter()): Promise<QuickEnd> {
  return quickSend({
    argv: QUEUED,
    env: envOf({ SOTTO_AS: 'alice' }),
    stdio: { stdin },
    say: () => undefined,
    signals,
  });
}

test('a text that may have been taken goes the long way under the same id', async () => {
  const heard: string[] = [];
  const broken = await server([HELLO, undefined], heard);
  try {
    const end = await quickly(Readable.from([Buffer.from('hi\n')]));
    const asked = JSON.parse(heard[1] ?? '') as { readonly params: { readonly id: string } };
    expect(end).toEqual({ stdin: Buffer.from('hi\n'), messageId: asked.params.id });
    expect(asked.params.id).toMatch(
      /^01[0-9a-f]{6}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  } finally {
    broken.close();
  }
});

test('the long way sends it under that id', async () => {
  const chat = new FakeChat({ contacts: [{ name: 'bob' }], self: { username: 'alice', home: folder } });
  await using _server = await serveControl(chat, controlPath(folder, {}));
  const id = '01920000-0000-7000-8000-000000000001' as MessageId;
  expect((await longWay(QUEUED, envOf({}), 'hi\n', id)).exit).toBe(0);
  expect(chat.sent.map((message) => [message.id, message.text])).toEqual([[id, 'hi']]);
});

test('another version of the socket is left to the long way, and so is one that says something else', async () => {
  for (const hello of [HELLO.replace('"control":2', '"control":3'), '{"jsonrpc":"2.0"}', 'no JSON']) {
    const heard: string[] = [];
    const strange = await server([hello], heard);
    try {
      expect(await quickly(Readable.from([Buffer.from('hi\n')]))).toEqual({ stdin: Buffer.from('hi\n') });
      expect(heard.length).toBe(1);
    } finally {
      strange.close();
    }
  }
});

test('a signal ends the wait for stdin and for an answer, with the exit code of every command', async () => {
  const heard: string[] = [];
  const silent = await server([HELLO, undefined, 'never'], heard);
  try {
    for (const [name, exitCode] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const) {
      const signals = new EventEmitter();
      const reading = quickly(new PassThrough(), signals);
      signals.emit(name);
      expect(await reading).toEqual({ exitCode });
      expect(signals.eventNames()).toEqual([]);
    }
    const signals = new EventEmitter();
    const waiting = quickly(Readable.from([Buffer.from('hi')]), signals);
    while (heard.length < 2) await new Promise((resolve) => setImmediate(resolve));
    signals.emit('SIGINT');
    expect(await waiting).toEqual({ exitCode: 130 });
  } finally {
    silent.close();
  }
});

/** A command beside a program that has the home, and the modules that it loads. */
async function loaded(
  argv: readonly string[],
): Promise<Done & { readonly modules: readonly (string | undefined)[] }> {
  const hook = `import { registerHooks } from 'node:module';
    registerHooks({ load: (url, context, next) => (process._rawDebug(url), next(url, context)) });`;
  const spy = `data:text/javascript,${encodeURIComponent(hook)}`;
  let said = '';
  const done = await beside({}, async () => {
    const program = spawn(process.execPath, ['--import', spy, MAIN, ...argv], { env: envOf({}) });
    program.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    program.stdin.end('hi\n');
    const [code] = (await once(program, 'close')) as [number];
    return { exit: code, stdout: '', stderr: said };
  });
  return { ...done, modules: [...said.matchAll(/^file:.*\/(src\/.*)$/gm)].map(([, path]) => path) };
}

test('beside a running Sotto the short way loads next to nothing', async () => {
  const { exit, stderr, modules } = await loaded(QUEUED);
  expect(modules).toEqual(['src/main.ts', 'src/version.ts', 'src/quick-send.ts', 'src/quick-home.ts']);
  expect(stderr).toContain('queued for bob, kept; the running Sotto goes on trying\n');
  expect(exit).toBe(0);
});

test('beside a running Sotto other commands load neither engine nor database', async () => {
  const { exit, stderr, modules } = await loaded(['outbox']);
  expect(stderr).toContain('nothing waits\n');
  expect(exit).toBe(0);
  expect(modules).toContain('src/control/client/connect.ts');
  expect(stderr).not.toMatch(
    /better-sqlite3|src\/(?:protocol|net|control\/server)\/|src\/engine\/engine|src\/node\/node\.ts|src\/store\/(?:home|database)\.ts/,
  );
});
