import { EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli } from '../../src/cli/index.ts';
import { spawnPager, type Pager } from '../../src/cli/terminal/pager.ts';
import { createFakeServices } from '../../src/testing/fake-chat.ts';
import { contactLike } from './contacts.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-pager-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Takes everything, and ends when its input does; or as the test says. */
class FakePager implements Pager {
  readonly input: Writable;
  readonly ended: Promise<number>;
  readonly end: (exit: number) => void;
  text = '';
  isStopped = false;

  constructor(onEnd: (pager: FakePager) => void) {
    const { promise, resolve } = Promise.withResolvers<number>();
    [this.ended, this.end] = [promise, resolve];
    this.input = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.text += chunk.toString();
        done();
      },
      final: (done) => {
        onEnd(this);
        done();
      },
    });
  }
  stop(): void {
    this.isStopped = true;
    this.end(143);
  }
}

interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly pagers: readonly {
    readonly command: string;
    readonly text: string;
    readonly isStopped: boolean;
  }[];
}

interface How {
  readonly env?: Readonly<Record<string, string>>;
  readonly isTerminal?: boolean;
  /** What happens when everything is written. */
  readonly onEnd?: (pager: FakePager, signals: EventEmitter) => void;
}

async function sotto(argv: readonly string[], how: How = {}): Promise<Ran> {
  const isTTY = how.isTerminal ?? true;
  const [stdout, stderr] = [new PassThrough(), new PassThrough()].map((stream) =>
    Object.assign(stream, { isTTY }),
  );
  const signals = new EventEmitter();
  const pagers: (FakePager & { command: string })[] = [];
  const past = Array.from({ length: 60 }, (_, i) => ({
    id: `01910000-0000-7000-8000-0000aaaa${String(i).padStart(4, '0')}` as never,
    with: 'bob',
    direction: 'in' as const,
    text: `text ${i}`,
    writtenAtWall: i,
    storedAtWall: i,
  }));
  const services = createFakeServices({ contacts: [contactLike('bob', '')], past });
  const exit = await runCli({
    version: '0.0.0',
    argv,
    env: { HOME: folder, NO_COLOR: '1', ...how.env },
    services: async () => services,
    stdio: { stdin: new PassThrough(), stdout: stdout!, stderr: stderr! },
    signals,
    openPager: (command) => {
      const pager = new FakePager((self) => (how.onEnd ? how.onEnd(self, signals) : self.end(0)));
      pagers.push(Object.assign(pager, { command }));
      return pager;
    },
  });
  return { exit, stdout: String(stdout?.read() ?? ''), stderr: String(stderr?.read() ?? ''), pagers };
}

test('on a terminal, history, contacts, the outbox and help go through a pager, and what is said besides comes after it', async () => {
  const before: string[] = [];
  const history = await sotto(['history', '--limit', '50'], {
    onEnd: (pager) => {
      before.push(pager.text);
      pager.end(0);
    },
  });
  expect(history).toMatchObject({ exit: 0, stdout: '' });
  expect(history.pagers).toHaveLength(1);
  expect(before[0]).toMatch(/text 10\n[\s\S]*text 59\n$/);
  expect(history.stderr).toMatch(/^· older ones: --before /);
  expect((await sotto(['contacts'])).pagers[0]?.text).toContain('bob');
  expect((await sotto(['outbox', '--help'])).pagers[0]?.text).toContain('Usage: sotto outbox');
  // Nothing to show needs no pager.
  expect(await sotto(['outbox'])).toEqual({ exit: 0, stdout: '', stderr: 'nothing waits\n', pagers: [] });
});

test('there is no pager without a terminal, for programs, or for those who want none', async () => {
  const config = join(folder, '.config/sotto/config.json');
  const plainly = async (argv: readonly string[], how: How = {}): Promise<void> => {
    const { exit, stdout, pagers } = await sotto(argv, how);
    expect({ argv, exit, pagers }).toEqual({ argv, exit: 0, pagers: [] });
    expect(stdout).toMatch(/text 59|sotto history/);
  };
  await plainly(['history'], { isTerminal: false });
  for (const flag of ['--no-pager', '--plain', '--json']) await plainly(['history', flag]);
  await plainly(['--no-pager', 'history']);
  await plainly(['history', '--help', '--no-pager']);
  await plainly(['history', '--help', '--plain']);
  for (const env of [
    { SOTTO_PAGER: 'off' },
    { PAGER: '' },
    { PAGER: 'cat' },
    { TERM: 'dumb' },
    { SOTTO_PLAIN: '1' },
  ])
    for (const argv of [['history'], ['history', '--help']]) await plainly(argv, { env });
  mkdirSync(join(config, '..'), { recursive: true });
  for (const text of ['{"pager": false}', '{"plain": true}']) {
    writeFileSync(config, text);
    await plainly(['history']);
    await plainly(['history', '--help']);
  }
});

test('which pager it is the variable says, then the settings, then PAGER; less else', async () => {
  const commandOf = async (
    env: Readonly<Record<string, string>>,
    argv = ['history'],
  ): Promise<string | undefined> => (await sotto(argv, { env })).pagers[0]?.command;
  expect(await commandOf({})).toContain('less -FRX');
  expect(await commandOf({ PAGER: 'more' })).toBe('more');
  mkdirSync(join(folder, '.config/sotto'), { recursive: true });
  writeFileSync(join(folder, '.config/sotto/config.json'), '{"pager": "less -S"}');
  expect(await commandOf({ PAGER: 'more' })).toBe('less -S');
  expect(await commandOf({ PAGER: 'more' }, ['history', '--help'])).toBe('less -S');
  expect(await commandOf({ PAGER: 'more', SOTTO_PAGER: 'most' })).toBe('most');
  writeFileSync(join(folder, '.config/sotto/config.json'), '{"pager": ');
  expect(await commandOf({ PAGER: 'more' }, ['history', '--help'])).toBe('more');
});

test('who leaves the pager early, ends the command quietly', async () => {
  const left = await sotto(['history', '--all'], {
    onEnd: (pager) => {
      pager.input.destroy(Object.assign(new Error('gone'), { code: 'EPIPE' }));
      pager.end(0);
    },
  });
  expect(left).toMatchObject({ exit: 0, stdout: '', stderr: '' });
});

test('a pager that cannot be run is said, with the way around it', async () => {
  const { exit, stderr } = await sotto(['history'], { onEnd: (pager) => pager.end(127) });
  expect(exit).toBe(3);
  expect(stderr).toMatch(/sotto: the pager cannot be run \[output-unwritable\]\n.*--no-pager/);
});

test('Ctrl-C is the pager’s own while it shows; another signal ends both', async () => {
  const { exit, pagers } = await sotto(['history'], {
    onEnd: (pager, signals) => {
      signals.emit('SIGINT');
      setImmediate(() => pager.end(0));
    },
  });
  expect({ exit, isStopped: pagers[0]?.isStopped }).toEqual({ exit: 0, isStopped: false });
  const ended = await sotto(['history'], { onEnd: (_pager, signals) => void signals.emit('SIGTERM') });
  expect([ended.exit, ended.pagers[0]?.isStopped]).toEqual([143, true]);
});

test('a real pager is a command of the shell: it gets the text, and its exit is known', async () => {
  const env = { PATH: process.env['PATH'] };
  const file = join(folder, 'shown');
  const pager = spawnPager(`cat > '${file}'; echo "$LESS" >> '${file}'; exit 7`, env);
  pager.input.end('what was said\n');
  expect(await pager.ended).toBe(7);
  expect(readFileSync(file, 'utf8')).toBe('what was said\nFRX\n');
  const killed = spawnPager('exec cat', { ...env, LESS: 'S' });
  killed.stop();
  expect(await killed.ended).toBe(143);
  const missing = spawnPager('exec /nonexistent 2>/dev/null', env);
  missing.input.on('error', () => undefined);
  expect(await missing.ended).toBe(127);
});
