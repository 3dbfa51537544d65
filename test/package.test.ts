import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VERSION } from '../src/version.ts';
import { freePort } from './free-port.ts';
import { until } from './net/until.ts';
import { Program } from './package/program.ts';
import { writePeople } from './people-file.ts';

const ROOT = join(import.meta.dirname, '..');
const LAUNCHER = join(ROOT, 'bin/sotto.cjs');
const EXAMPLES = join(ROOT, 'examples');
const folder = mkdtempSync(join(tmpdir(), 'sotto-package-'));
const installed = join(folder, 'node_modules/sotto');
let packed: readonly string[] = [];

beforeAll(() => {
  const output = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [report] = JSON.parse(output) as readonly { filename: string; files: readonly { path: string }[] }[];
  packed = (report?.files ?? []).map((file) => file.path);
  const tarball = `./${report?.filename ?? ''}`;
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  execFileSync('npm', ['i', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', tarball], {
    cwd: folder,
    stdio: 'ignore',
  });
  cpSync(EXAMPLES, folder, { recursive: true, filter: (file) => !file.endsWith('.json') });
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(
  file: string,
  ...args: readonly string[]
): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [file, ...args], { cwd: folder, encoding: 'utf8', timeout: 100_000 });
}

test('the package has the program, the specification and the licence, and neither sources nor tests', () => {
  const tops = new Set(packed.map((path) => path.split('/')[0]));
  for (const top of ['bin', 'dist', 'spec', 'LICENSE', 'README.md', 'package.json'])
    expect(tops).toContain(top);
  expect(packed.filter((path) => /(^|\/)(src|test)\/|\.test\.|(?<!\.d)\.ts$/.test(path))).toEqual([]);
});

test('installed without install scripts, the program runs', () => {
  expect(run(join(installed, 'bin/sotto.cjs'), '--version')).toMatchObject({
    status: 0,
    stdout: `sotto ${VERSION}\n`,
    stderr: '',
  });
  expect(
    run(join(installed, 'bin/sotto.cjs'), 'send', 'bob', 'hi', '--directory', 'none.json'),
  ).toMatchObject({
    status: 2,
    stdout: '',
  });
});

test('at most ten packages come with it, one with a prebuilt native addon, none with an install script (SUP-01, SUP-03)', () => {
  const files = readdirSync(join(folder, 'node_modules'), { recursive: true, encoding: 'utf8' });
  const addons = new Set(files.filter((file) => file.endsWith('.node')).map((file) => dirname(file)));
  expect([...addons]).toEqual(['better-sqlite3-multiple-ciphers/prebuilds']);
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { hasInstallScript?: boolean }>;
  };
  const entries = Object.entries(lock.packages).filter(
    ([path]) => path !== '' && path !== 'node_modules/sotto',
  );
  expect(entries.length).toBeLessThanOrEqual(10);
  expect(entries.filter(([, entry]) => entry.hasInstallScript)).toEqual([]);
});

test('what is inside the program is a runtime dependency, and its licence comes with it', () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string; dev?: boolean }>;
  };
  const texts = readFileSync(join(installed, 'dist/program/LICENSES.txt'), 'utf8');
  const inside = [...texts.matchAll(/^(?<name>[@\w/.-]+) (?<version>\d+\.\d+\.\d+)$/gm)].map(
    ({ groups }) => groups!,
  );
  expect(inside.map(({ name }) => name)).toEqual(expect.arrayContaining(['commander', 'valibot']));
  for (const { name, version } of inside)
    expect([name, packages[`node_modules/${name}`]]).toEqual([name, expect.objectContaining({ version })]);
  expect(inside.filter(({ name }) => packages[`node_modules/${name}`]?.dev)).toEqual([]);
  expect(texts.match(/Permission is hereby granted/g)?.length).toBe(inside.length);
});

test('the three doors open with the runtime dependencies alone', () => {
  const script = join(folder, 'doors.js');
  writeFileSync(
    script,
    `import { connect, openNode, VERSION } from 'sotto';
     import { Connection } from 'sotto/protocol';
     import { World } from 'sotto/testing';
     const world = new World({ seed: 1 });
     world.start(['alice', 'bob']);
     console.log(VERSION, typeof openNode, typeof connect, typeof Connection, world.nodes.size);`,
  );
  expect(run(script)).toEqual(
    expect.objectContaining({ status: 0, stdout: `${VERSION} function function function 2\n`, stderr: '' }),
  );
});

test('every door and every man page of package.json is a file of the package, types too', () => {
  const { exports, man = [] } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    exports: Record<string, string | Record<string, string>>;
    man?: readonly string[];
  };
  const targets = Object.values(exports).flatMap((door) =>
    typeof door === 'string' ? [door] : Object.values(door),
  );
  expect(targets.length).toBeGreaterThan(6);
  expect([...targets, ...man].filter((target) => !packed.includes(target.slice('./'.length)))).toEqual([]);
});

test('on a Node that is too old the launcher says so in one sentence and exits 78 (ENV-05)', () => {
  const { command, version } = oldNode();
  const [file = '', ...args] = command;
  const { status, stdout, stderr } = spawnSync(file, [...args, LAUNCHER, '--version'], { encoding: 'utf8' });
  expect(stderr).toBe(
    `sotto: this is Node ${version}, and Sotto needs Node 24.15 or newer: install it and run this again [node-unsuitable]\n`,
  );
  expect({ status, stdout }).toEqual({ status: 78, stdout: '' });
});

test('the bot has fifteen lines at most, and every program in the README is one of the examples', () => {
  const programs = readdirSync(EXAMPLES)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(EXAMPLES, file), 'utf8'));
  const bot = readFileSync(join(EXAMPLES, 'echo-bot.ts'), 'utf8');
  expect(bot.trimEnd().split('\n').length).toBeLessThanOrEqual(15);
  const shown = readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/^```ts\n(.*?)^```$/gms);
  for (const [, program = ''] of shown) expect(programs).toContain(program);
});

test('the examples compile against the types of the package, which need no others than Node’s', () => {
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'es2024',
        lib: ['es2024', 'esnext.disposable'],
        module: 'nodenext',
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
        types: ['node'],
        typeRoots: [join(ROOT, 'node_modules/@types')],
      },
      include: ['*.ts'],
    }),
  );
  expect(run(join(ROOT, 'node_modules/typescript/bin/tsc'))).toMatchObject({ stdout: '', status: 0 });
});

// Alice is the program's user: a node of the library runs for her, and the examples connect to it. Bob is a peer in a process of his own.
describe('each example does what it says', () => {
  const running: Program[] = [];
  let bob: Program;

  function start(words: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
    const program = new Program(folder, words, { SOTTO_AS: 'alice', ...env });
    running.push(program);
    return program;
  }
  function sotto(as: string, ...words: readonly string[]): Program {
    return start([join(installed, 'bin/sotto.cjs'), ...words], { SOTTO_AS: as });
  }
  /** Bob says something, and Alice's node has it. */
  async function say(text: string): Promise<void> {
    expect(await sotto('bob', 'send', 'alice', text).end()).toMatchObject({ exit: 0 });
  }
  /** What Bob was told of a text, once he was. */
  async function told(text: string): Promise<Record<string, unknown>> {
    const lines = () => bob.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    return until(`${text} at bob's`, () => lines().find((line) => line['text'] === text));
  }

  beforeAll(async () => {
    const config = join(folder, '.config/sotto');
    mkdirSync(config, { recursive: true });
    writePeople(join(config, 'directory.json'), {
      alice: await freePort(),
      bob: await freePort(),
      carol: await freePort(),
    });
    writeFileSync(
      join(folder, 'node.js'),
      `import { openNode } from 'sotto';
       process.umask(0o022);
       const chat = await openNode({ bind: ['127.0.0.1'] });
       console.log('listening as', chat.self.username);`,
    );
    const alice = start(['node.js']);
    bob = sotto('bob', 'listen', '--json', '--bind', '127.0.0.1');
    await Promise.all([alice.says('listening as alice'), bob.says('listening on')]);
  });

  afterAll(async () => {
    await Promise.all(running.map(async (program) => program.kill()));
  });

  test('echo-bot.ts answers, also what came while it was away', async () => {
    const bot = start(['echo-bot.ts']);
    await say('hello');
    const { from, reply_to: answered } = await told('hello');
    expect([from, typeof answered]).toEqual(['alice', 'string']);
    await bot.kill();
    await say('are you there?');
    await using again = start(['echo-bot.ts']);
    await told('are you there?');
    expect(again.stdout + again.stderr + bot.stdout + bot.stderr).toBe('');
  });

  test('alert-sender.ts tells whether it was delivered, and why not', async () => {
    const [there, away, unknown, alone] = await Promise.all([
      start(['alert-sender.ts', 'bob', 'disk full']).end(),
      start(['alert-sender.ts', 'carol', 'disk full', '200']).end(),
      start(['alert-sender.ts', 'dave', 'disk full']).end(),
      start(['alert-sender.ts', 'bob', 'disk full'], { SOTTO_AS: 'carol' }).end(),
    ]);
    expect(there).toMatchObject({ exit: 0, stderr: '' });
    expect(there.stdout).toMatch(/^bob has it, after \d+ ms\n$/);
    expect(await told('disk full')).toMatchObject({ from: 'alice' });
    expect(away).toMatchObject({ exit: 5, stdout: '' });
    expect(away.stderr).toMatch(/^carol does not have it \(queued\): /);
    expect(unknown).toMatchObject({ exit: 1, stdout: '' });
    expect(unknown.stderr).toContain('[contact-unknown]');
    expect(alone.stderr).toContain('[node-not-running] Start it with “sotto up”');
    expect(alone.exit).toBe(1);
  });

  test('follow-log.ts writes each message once, without what a terminal obeys, and goes on where it stopped', async () => {
    const place = join(folder, 'place');
    const first = start(['follow-log.ts', place]);
    await until('the follower', async () => {
      await say('does it follow?');
      return first.lines.length > 0;
    });
    await say('one\u001B[2J');
    // It notes its place after each line, and so that of the former one before this one.
    await say('noted');
    await first.says('noted');
    await first.kill();
    await say('two\nlines');
    const second = start(['follow-log.ts', place]);
    await second.says('two / lines');
    const words = [...first.lines, ...second.lines].map((line) => line.replace(/^[\d-]+T[\d:.]+Z /, ''));
    expect(words.filter((text) => !/: (does it follow\?|noted)$/.test(text))).toEqual([
      'bob: one‹U+001B›[2J',
      'bob: two / lines',
    ]);
  });

  test('what the node keeps is its user’s alone, whatever the umask of the program', () => {
    const home = join(folder, '.local/share/sotto/alice');
    const files = readdirSync(home).map((file) => join(home, file));
    expect(files.length).toBeGreaterThan(4);
    expect([home, ...files].filter((file) => (statSync(file).mode & 0o077) !== 0)).toEqual([]);
  });

  test('beside it a text is queued with next to nothing loaded, and a command needs neither engine nor database', async () => {
    const spy = join(folder, 'spy.cjs');
    writeFileSync(
      spy,
      `process.on('exit', () => require('fs').writeFileSync(process.env.LOADED, JSON.stringify(Object.keys(require.cache))));`,
    );
    const loaded = async (...words: readonly string[]): Promise<readonly string[]> => {
      const file = join(folder, 'loaded.json');
      const program = start(['-r', spy, join(installed, 'bin/sotto.cjs'), ...words], { LOADED: file });
      expect(await program.end()).toMatchObject({ exit: 0 });
      const paths = JSON.parse(readFileSync(file, 'utf8')) as readonly string[];
      return paths.filter((path) => path !== spy).map((path) => relative(installed, path));
    };
    expect(await loaded('send', 'bob', '--wait', 'queued', 'quick')).toEqual([
      'bin/sotto.cjs',
      'dist/program/main.cjs',
      'dist/program/quick-send.cjs',
    ]);
    const others = await loaded('outbox');
    expect(others).toContain('dist/program/outbox.cjs');
    expect(others.length).toBeLessThan(30);
    expect(others.filter((path) => /sqlite|open-node|server|store/.test(path))).toEqual([]);
  });

  test('the node of the package tells other programs what they may ask', async () => {
    const rpc = sotto('alice', 'rpc');
    rpc.stdin.end('{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}\n');
    expect(JSON.parse((await rpc.end()).stdout)).toMatchObject({ id: 1, result: { openrpc: '1.3.2' } });
  });

  test('stdin-to-group.ts sends each line to everyone, also to who is not there yet', async () => {
    const group = start(['stdin-to-group.ts', 'bob', 'carol', 'dave']);
    group.stdin.end('first line\n\nsecond line\n');
    const { exit, stderr } = await group.end();
    expect(exit).toBe(1);
    expect(stderr).toMatch(/^(not sent to dave: CodedError: .*\n){2}$/);
    await told('first line');
    await told('second line');
    const outbox = sotto('alice', 'outbox', '--json');
    expect((await outbox.end()).stdout).toMatch(/first line[^]*second line/);
  });
});

/** The machine's own Node where it is too old; else this one, which pretends to be. */
function oldNode(): { readonly command: readonly string[]; readonly version: string } {
  for (const bin of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(bin, 'node');
    if (bin.includes('node_modules') || !existsSync(file)) continue;
    const version = execFileSync(file, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim();
    if (Number(version.split('.')[0]) < 24) return { command: [file], version };
  }
  const version = '20.11.1';
  const pretend = join(folder, 'pretend.cjs');
  writeFileSync(
    pretend,
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`,
  );
  return { command: [process.execPath, '-r', pretend], version };
}
