import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { describeKeyPending } from '../src/cli/words/describe.ts';
import { EXIT } from '../src/cli/exit-code.ts';
import { COMPILE_CACHE } from './compile-cache.ts';
import { freePort } from './free-port.ts';
import { Program } from './demo/person.ts';
import { Tmux } from './tui/tmux.ts';

// README.md is run. A block marked `console` has commands after `$ ` and what they print; `text alice` and `text bob` are
// two terminals, with what is typed after `> `. What differs from run to run (times, keys, numbers) is left out of account.

const ROOT = join(import.meta.dirname, '..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'sotto-readme-'));
const programs: Program[] = [];

afterAll(async () => {
  for (const program of programs) await program.kill();
  rmSync(folder, { recursive: true, force: true });
});

function blocks(kind: string): readonly string[] {
  return [...README.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)]
    .filter(([, info]) => info === kind)
    .map(([, , body = '']) => body);
}

function section(title: string): string {
  return README.split(/^#+ /m).find((text) => text.startsWith(`${title}\n`)) ?? '';
}

/** A line without what differs from run to run. */
function shape(line: string): string {
  return line
    .replaceAll(/\/[\w./-]*\/directory\.json/g, 'FILE')
    .replaceAll(/[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[\da-f]{4}-[\da-f]{12}/g, 'ID')
    .replaceAll(/\b[\dA-Z]{5}(-[\dA-Z]{5}){3}\b/g, 'PASSWORD')
    .replaceAll(/\b\d{5}( \d{5}){3}\b/g, 'DIGITS')
    .replaceAll(/\d+ ms|"took_ms":\d+/g, 'MS')
    .replace(/^[\da-f]{8}  /, 'ID  ')
    .replace(/queued \d+ s ago/, 'AGO')
    .replace(/listening on .* in the background \(process \d+\)/, 'LISTENING')
    .replace(/\/[\w./-]*\/log\b/, 'LOG')
    .replace(/^— \d{4}-\d\d-\d\d —$/, 'DAY')
    .replace(/^\d\d:\d\d /, 'TIME ')
    .trimEnd();
}

interface Step {
  readonly command: string;
  readonly output: readonly string[];
}

function steps(block: string): readonly Step[] {
  return block
    .split(/^\$ /m)
    .filter((step) => step !== '')
    .map((step) => {
      const [command = '', ...output] = step.trimEnd().split('\n');
      return { command, output };
    });
}

/** Everything of the README happens in a home of its own, on free ports instead of its own three. */
class Newcomer {
  readonly #ports: ReadonlyMap<string, string>;
  readonly env: NodeJS.ProcessEnv;

  constructor(name: string, ports: ReadonlyMap<string, string>) {
    const home = join(folder, name);
    const bin = join(home, 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'sotto'), `#!/bin/sh\nexec '${process.execPath}' '${ROOT}/src/main.ts' "$@"\n`);
    chmodSync(join(bin, 'sotto'), 0o755);
    this.#ports = ports;
    this.env = {
      HOME: home,
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      SOTTO_PORT: this.real('7688'),
      SOTTO_BIND: '127.0.0.1',
      NO_COLOR: '1',
      ...COMPILE_CACHE,
      npm_config_update_notifier: 'false',
    };
  }

  real(text: string): string {
    return text.replaceAll(/\b76(88|89|90)\b/g, (port) => this.#ports.get(port) ?? port);
  }

  /** What the step is to print: its command, for the failed test's sake, and the lines' shapes. */
  shown({ command, output }: Step): readonly string[] {
    return [command, ...output.map((line) => shape(this.real(line)))];
  }

  runs({ command }: Step): readonly string[] {
    const { stdout } = spawnSync('sh', ['-c', `{ ${this.real(command)}; } 2>&1`], {
      encoding: 'utf8',
      env: this.env,
      cwd: folder,
      timeout: 100_000,
    });
    return [command, ...stdout.trimEnd().split('\n').map(shape)];
  }

  /** At a terminal: a password is typed wherever the README shows that it is asked for. */
  async answers({ command, output }: Step): Promise<readonly string[]> {
    const words = Object.entries(this.env).map(([name, value]) => `${name}='${value}'`);
    await using tmux = Tmux.start(`env ${words.join(' ')} ${this.real(command)}`, { columns: 160, rows: 20 });
    for (const prompt of output.slice(0, -1)) {
      await tmux.until((screen) => screen.includes(prompt));
      tmux.type('a horse on the stairs');
      tmux.press('Enter');
    }
    const screen = await tmux.until((text) => text.includes('pane-done'));
    const lines = screen.split('\n').filter((line) => line.trim() !== '' && line !== 'pane-done');
    return [command, ...lines.map(shape)];
  }

  async starts(name: string, command: string): Promise<Program> {
    const [file = '', ...args] = this.real(command.replace(/ +#.*/, '')).split(' ');
    const program = new Program(name, spawn(file, args, { cwd: ROOT, env: this.env }), () => undefined);
    programs.push(program);
    await program.sees(new RegExp(`^${name} is listening`));
    return program;
  }
}

async function threePorts(): Promise<ReadonlyMap<string, string>> {
  const ports = new Map<string, string>();
  for (const port of ['7688', '7689', '7690']) ports.set(port, String(await freePort()));
  return ports;
}

/** Any numbers where the line has numbers. */
function alike(line: string): RegExp {
  const literal = line.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  return new RegExp(`^${literal.replaceAll(/\d+/g, String.raw`\d+`)}$`);
}

async function play(program: Program, transcript: string): Promise<void> {
  for (const line of transcript.trimEnd().split('\n')) {
    if (line.startsWith('> ')) program.types(line.slice(2));
    else await program.sees(alike(line));
  }
}

test('two terminals on one machine, the scripts and the safety number are as the README shows them', async () => {
  const newcomer = new Newcomer('one', await threePorts());
  const [start = '', , background = '', scripts = '', kept = '', trust = ''] = blocks('console');
  for (const step of steps(start)) expect(newcomer.runs(step)).toEqual(newcomer.shown(step));
  const starts = blocks('sh').flatMap((block) => block.match(/^npm start .*$/gm) ?? []);
  expect(starts).toHaveLength(2);
  const alice = await newcomer.starts('alice', starts[0] ?? '');
  const bob = await newcomer.starts('bob', starts[1] ?? '');
  const [atAlice = '', atBob = ''] = [blocks('text alice')[0], blocks('text bob')[0]];
  await Promise.all([play(alice, atAlice), play(bob, atBob)]);
  expect((await alice.ends()).exitCode).toBe(0);
  expect(steps(scripts)).toHaveLength(5);
  expect(steps(background).map(({ command }) => command.split(' ')[1])).toEqual(['up', 'send', 'down']);
  // What a step that went wrong leaves in the background ends all the same.
  onTestFinished(() => void newcomer.runs({ command: 'sotto down', output: [] }));
  for (const step of [...steps(scripts), ...steps(kept), ...steps(trust), ...steps(background)])
    expect(newcomer.runs(step)).toEqual(newcomer.shown(step));
  expect((await bob.ends()).exitCode).toBe(0);
});

test('the directory of two machines is written as the README shows it', async () => {
  const newcomer = new Newcomer('two', new Map());
  const [made, typed, ...more] = steps(blocks('console')[1] ?? '');
  expect(more).toEqual([]);
  expect(newcomer.runs(made!)).toEqual(newcomer.shown(made!));
  expect(await newcomer.answers(typed!)).toEqual(newcomer.shown(typed!));
});

test('the README’s directory file has no mistakes', () => {
  const file = join(folder, 'example.json');
  writeFileSync(file, blocks('json')[0] ?? '', { mode: 0o600 });
  const newcomer = new Newcomer('three', new Map());
  const step = {
    command: `sotto directory check --directory ${file}`,
    output: [`${file}: 2 entries, no mistakes`],
  };
  expect(newcomer.runs(step)).toEqual(newcomer.shown(step));
});

test('a message for scripts has the fields that the README shows', async () => {
  const shown = JSON.parse(blocks('json')[1] ?? '') as Record<string, unknown>;
  const { eventToJson } = await import('../src/api/to-json/index.ts');
  const { PeerText } = await import('../src/base/index.ts');
  const event = eventToJson({
    type: 'message-received',
    id: shown['id'] as never,
    position: 1,
    from: 'alice',
    text: new PeerText('the build is green'),
    writtenAtWall: Date.parse(String(shown['written_at'])),
    receivedAtWall: Date.parse(String(shown['received_at'])),
    clockMark: false,
  });
  // What `listen` adds, to go on behind it with --after.
  const cursor: unknown = expect.stringMatching(/^v1\./);
  expect(shown).toEqual({ ...event, cursor });
});

test('a changed key is announced in the README’s words', () => {
  const [shown = ''] = blocks('text');
  const [oldSafetyNumber = '', newSafetyNumber = ''] = [...shown.matchAll(/(?:\d{5} ?){12}/g)].map(
    ([number]) => number.trim(),
  );
  const lines = describeKeyPending({ name: 'bob', oldSafetyNumber, newSafetyNumber }, 'loop');
  expect(shown.trimEnd()).toBe(lines.map(({ text }) => text).join('\n'));
});

test('every command of the README exists, and every npm script', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const named = [...README.matchAll(/npm (?:run (?:-s )?([\w:]+)|(start|test))/g)].map(([, a, b]) => a ?? b);
  expect(named.length).toBeGreaterThan(5);
  for (const name of named) expect(scripts, name).toHaveProperty([name ?? '']);
  const newcomer = new Newcomer('four', new Map());
  const commands = [...section('Commands').matchAll(/^\| `sotto ?([a-z ]*)`/gm)].map(([, words]) => words);
  expect(commands.length).toBeGreaterThan(10);
  for (const words of commands) {
    const help = spawnSync('sh', ['-c', `sotto ${words ?? ''} --help`], {
      env: newcomer.env,
      encoding: 'utf8',
    });
    expect(help.stdout).toContain(`Usage: ${`sotto ${words ?? ''}`.trim()} [`);
  }
});

test('the alias of the README runs the program through npm', () => {
  const [, command = ''] = /^alias sotto='(.*)'$/m.exec(README) ?? [];
  const said = execFileSync('sh', ['-c', `${command} --version`], { cwd: ROOT, encoding: 'utf8' });
  expect(said).toMatch(/^sotto \d+\.\d+\.\d+\n$/);
});

test('the README’s exit codes are the program’s', () => {
  const shown = [...section('For scripts').matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, codes = '']) =>
    codes.split(', ').map(Number),
  );
  expect(shown.toSorted((a, b) => a - b)).toEqual(Object.values(EXIT).toSorted((a, b) => a - b));
});

test('a folder made in the README’s words takes the programs that it shows, and those of the examples', () => {
  const page = readFileSync(join(ROOT, 'examples/README.md'), 'utf8');
  const setup = /^npm init .*$/m;
  const [words = ''] = setup.exec(section('For programs')) ?? [];
  expect(setup.exec(page)?.[0]).toBe(words);
  expect(words).toMatch(/ && npm install \S+$/);
  const empty = mkdtempSync(join(folder, 'program-'));
  execFileSync('sh', ['-c', words.replace(/ && npm install \S+$/, '')], { cwd: empty, stdio: 'ignore' });
  expect(JSON.parse(readFileSync(join(empty, 'package.json'), 'utf8'))).toMatchObject({ type: 'module' });
});

test('every link of the README leads somewhere', () => {
  const targets = [...README.matchAll(/\]\(([^)#]+)\)/g)].map(([, target = '']) => target);
  expect(targets.length).toBeGreaterThan(10);
  expect(targets.filter((target) => !existsSync(join(ROOT, target)))).toEqual([]);
});
