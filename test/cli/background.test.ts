import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { setPassphrase } from '../../src/store/index.ts';
import { startListening, startSotto } from '../net/sotto-process.ts';
import { openTown, type Town } from '../net/town.ts';
import { until } from '../net/until.ts';

// `sotto up` and those who use what it started, as real processes. What the commands say is in the scripts beside this file.

const LIMIT_MS = 120_000;

/** What runs in the background outlives its command: a test ends by its number what has this home of its own. */
class Background implements AsyncDisposable {
  readonly town: Town;
  readonly home: string;

  constructor(town: Town) {
    this.town = town;
    this.home = town.home('alice');
  }

  get log(): string {
    return existsSync(join(this.home, 'log')) ? readFileSync(join(this.home, 'log'), 'utf8') : '';
  }
  /** Every process that `sotto up` has started on this home. */
  get pids(): readonly number[] {
    const isOurs = (words: string): boolean =>
      words.includes('up --foreground') && words.includes(`--home ${this.home} `);
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && isOurs(commandLine(pid)));
  }
  get pid(): number | undefined {
    return this.pids[0];
  }
  /** One command of alice that is done with 0. */
  async ends(...words: readonly string[]): Promise<void> {
    const { exit, said } = await this.runs(...words);
    if (exit !== 0) throw new Error(`${words.join(' ')}: exit ${exit}, ${said}`);
  }
  /** One command of alice, from start to end. */
  async runs(...words: readonly string[]): Promise<{ readonly exit: number | null; readonly said: string }> {
    const listens = words[0] === 'up' ? ['--bind', '127.0.0.1'] : [];
    await using command = startSotto(this.town, 'alice', [...words, ...listens]);
    return { exit: await command.exitCode(), said: command.stdout + command.stderr };
  }
  async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of this.pids) process.kill(pid, 'SIGKILL');
    await until('they are gone', () => this.pids.length === 0);
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function withHome(work: (node: Background, town: Town) => Promise<void>): () => Promise<void> {
  return async () => {
    await using town = await openTown(['alice', 'bob']);
    await using node = new Background(town);
    await work(node, town);
  };
}

describe('a node in the background', () => {
  test(
    'runs in a session of its own, serves every command and a loop, keeps texts out of its log, and leaves the home free (CTL-02)',
    withHome(async (node, town) => {
      await using bob = await town.open('bob');
      const up = await node.runs('up');
      expect(up).toEqual({ exit: 0, said: expect.stringContaining('in the background') as string });
      const { pid = 0 } = node;
      expect(up.said).toContain(`process ${pid}`);
      // pid, (name), state, parent, group, session, terminal
      const [, , session, terminal] = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) \S /, '')
        .split(' ');
      expect([node.pids, Number(session), Number(terminal)]).toEqual([[pid], pid, 0]);
      expect(statSync(join(node.home, 'log')).mode & 0o777).toBe(0o600);

      expect(await node.runs('up')).toEqual({
        exit: 0,
        said: expect.stringContaining(`already (process ${pid})`) as string,
      });
      await node.ends('send', 'bob', 'a needle for bob');
      await bob.hears('a needle for bob');
      await bob.sendDelivered('alice', 'a needle for alice');
      {
        // Nobody has seen it: the loop shows it, answers, and leaves.
        await using loop = startSotto(town, 'alice', ['--timeout', '20s']);
        await loop.says('a needle for alice', 'stdout');
        loop.type('@bob a needle from the loop');
        await bob.hears('a needle from the loop');
        loop.endInput();
        expect(await loop.exitCode(), loop.stderr).toBe(0);
        expect(loop.stderr).toContain('through the Sotto in the background');
      }
      expect(JSON.parse((await node.runs('status', '--json')).said)).toMatchObject({ running: true, pid });
      expect(node.log).toContain('alice is listening on');
      expect(node.log).not.toContain('needle');
      expect(node.log).not.toContain('pw-');

      await using rpc = startSotto(town, 'alice', ['rpc']);
      rpc.type('{"jsonrpc":"2.0","id":1,"method":"status"}');
      await rpc.says(`"pid":${pid}`, 'stdout');
      await node.ends('down');
      expect(existsSync(join(node.home, 'control.sock'))).toBe(false);
      await until('it is gone', () => commandLine(pid) === '');
      // Whoever spoke through it sees that it has ended.
      expect(await rpc.exitCode(), rpc.stderr).toBe(3);
      await node.ends('down');
      expect((await node.runs('status')).exit).toBe(3);
    }),
    LIMIT_MS,
  );

  test(
    'that cannot start says why, and a later one is not in its way: a port in use, a passphrase, a kill, a log that is a folder (CTL-02, SEC-01)',
    withHome(async (node, town) => {
      mkdirSync(join(node.home, 'log'), { recursive: true, mode: 0o700 });
      const server = createServer().listen(town.port('alice'), '127.0.0.1');
      const inUse = await node.runs('up');
      server.close();
      expect(inUse).toEqual({ exit: 3, said: expect.stringContaining('[port-in-use]') as string });
      expect(node.pid).toBeUndefined();

      setPassphrase(node.home, undefined, new TextEncoder().encode('correct horse'));
      expect((await node.runs('up')).exit).toBe(7);
      const secret = join(town.folder, 'secret');
      writeFileSync(secret, 'correct horse\n', { mode: 0o600 });
      chmodSync(town.path('alice'), 0o644);
      const up = await node.runs('up', '--passphrase-file', secret);
      expect(up.exit, up.said).toBe(0);
      expect(up.said).toMatch(/^sotto: the log .* cannot be opened: it is a folder/m);
      // What the node has to say at its start, whoever started it reads at once.
      expect(up.said).toMatch(/^· others can read the passwords/m);
      const { pid = 0 } = node;
      expect(commandLine(pid) + readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('correct');

      process.kill(pid, 'SIGKILL');
      await until('it is gone', () => commandLine(pid) === '');
      expect(existsSync(join(node.home, 'control.sock'))).toBe(true);
      await node.ends('up', '--passphrase-file', secret);
      expect(node.pid).not.toBe(pid);
    }),
    LIMIT_MS,
  );

  test(
    'comes up though whoever started it was killed, and does not when that one was interrupted',
    withHome(async (node, town) => {
      const words = ['up', '--bind', '127.0.0.1'];
      const interrupted = startSotto(town, 'alice', words);
      await until('it was started', () => node.pids.length === 1);
      interrupted.interrupt();
      expect(await interrupted.exitCode()).toBe(130);
      await until('it has ended', () => node.pids.length === 0);
      {
        await using _killed = startSotto(town, 'alice', words);
        await until('it is being started', () => node.pids.length === 1);
      }
      await until('it says that it listens', () => node.log.includes('alice is listening on'));
      await node.ends('down');
    }),
    LIMIT_MS,
  );

  test(
    'takes no home from a person, who can be ended by nobody else; one in the foreground ends at SIGTERM as agreed with peers',
    withHome(async (node, town) => {
      await using bob = await town.open('bob');
      {
        await using listener = await startListening(town, 'alice');
        expect(await node.runs('up')).toEqual({
          exit: 3,
          said: expect.stringContaining('[node-attended]') as string,
        });
        expect(await node.runs('down')).toEqual({
          exit: 3,
          said: expect.stringContaining('[node-attended]') as string,
        });
        listener.interrupt();
        await listener.exitCode();
      }
      await using foreground = await startListening(town, 'alice', ['up', '--foreground']);
      await bob.sendDelivered('alice', 'in the foreground');
      foreground.terminate();
      expect(await foreground.exitCode(), foreground.stderr).toBe(143);
      expect(foreground.stderr).not.toContain('in the foreground');
      const { reason } = await bob.event('contact-disconnected');
      expect(reason).toBeUndefined();
    }),
    LIMIT_MS,
  );
});
