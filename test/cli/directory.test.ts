import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Services } from '../../src/api/index.ts';
import { runCli } from '../../src/cli/index.ts';
import { createDirectoryTool } from '../../src/store/index.ts';
import { createFakeServices } from '../../src/testing/fake-chat.ts';

const services: Services = {
  ...createFakeServices({ contacts: [] }),
  openChat: async () => Promise.reject(new Error('these commands open no chat')),
  directory: createDirectoryTool(),
};

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-cli-'));
  path = join(folder, 'people.json');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `sotto directory …`; with `answers` a person sits at a terminal and types them, else `stdin` is a pipe. */
async function run(
  args: readonly string[],
  { stdin = '', answers }: { readonly stdin?: string; readonly answers?: readonly string[] } = {},
): Promise<Outcome> {
  const out = { stdout: '', stderr: '' };
  const left = [...(answers ?? [])];
  const isTTY = answers !== undefined;
  const input = Object.assign(new PassThrough(), { isTTY, setRawMode: () => undefined });
  if (!isTTY) input.end(stdin);
  const sink = (name: keyof typeof out) =>
    Object.assign(
      new Writable({
        write(chunk: Buffer, _encoding, callback) {
          out[name] += chunk.toString();
          // A question ends without a line end.
          const answer = isTTY && !chunk.toString().endsWith('\n') ? left.shift() : undefined;
          if (answer !== undefined) setImmediate(() => input.write(`${answer}\n`));
          callback();
        },
      }),
      { isTTY },
    );
  const stdio = { stdin: input, stdout: sink('stdout'), stderr: sink('stderr') };
  const env = { NO_COLOR: '1', SOTTO_DIRECTORY: path, SOTTO_PORT: '9999' };
  const exit = await runCli({
    version: '0.0.0',
    argv: ['directory', ...args],
    env,
    services: async () => services,
    stdio,
  });
  return { exit, ...out };
}

function read(): Record<string, unknown>[] {
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>[];
}

describe('sotto directory', () => {
  test('with --json every command says what is in the file now, the password only where it was just made', async () => {
    const json = async (...args: readonly string[]): Promise<Record<string, unknown>> => {
      const { exit, stdout, stderr } = await run([...args, '--json']);
      expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
      return JSON.parse(stdout) as Record<string, unknown>;
    };
    expect(await json('init')).toEqual({ type: 'directory-created', directory: path });
    const { password, ...added } = await json('add', 'bob', '--ip', '10.0.0.2', '--generate');
    const entry = { type: 'entry', username: 'bob', ip: '10.0.0.2', port: 7688, has_password: true, line: 2 };
    expect(added).toEqual(entry);
    expect(read()).toMatchObject([{ password }]);
    expect(await json('set', 'bob', '--name', 'rob', '--ip', 'bob.lan')).toEqual({
      ...entry,
      username: 'rob',
      ip: 'bob.lan',
    });
    const { password: other } = await json('set', 'rob', '--generate');
    expect(other).not.toBe(password);
    expect(read()).toMatchObject([{ password: other }]);
    expect(await json('remove', 'rob')).toEqual({ type: 'removed', username: 'rob' });
    expect(read()).toEqual([]);
  });

  test('add takes the password from stdin, and the default port is not the environment’s', async () => {
    const { exit, stdout, stderr } = await run(['add', 'bob', '--ip', '10.0.0.2', '--password-stdin'], {
      stdin: 's p\nrest\n',
    });
    expect({ exit, stdout, stderr }).toEqual({ exit: 0, stdout: '', stderr: `bob is in ${path}\n` });
    expect(read()).toEqual([{ username: 'bob', password: 's p', port: 7688, ip: '10.0.0.2' }]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('add takes the password from a file, or makes one and prints it once on stdout', async () => {
    writeFileSync(join(folder, 'secret'), 'from a file\r\n');
    await run(['add', 'bob', '--ip', 'h', '--password-file', join(folder, 'secret')]);
    const made = await run(['add', 'eve', '--ip', 'h', '--port', '7', '--generate']);
    expect(made.stdout).toMatch(/^[0-9A-Z]{5}(?:-[0-9A-Z]{5}){3}\n$/);
    expect(read().map(({ password }) => password)).toEqual(['from a file', made.stdout.trim()]);
  });

  test('add asks for what is missing, and for the password twice, hidden', async () => {
    const { exit, stderr } = await run(['add', 'bob'], {
      answers: ['10.0.0.2', '', 'secret', 'secrte', 'secret', 'secret'],
    });
    expect(exit).toBe(0);
    expect(stderr).toContain('The two are not the same.');
    expect(stderr).not.toMatch(/secret|secrte/);
    expect(read()).toEqual([{ username: 'bob', password: 'secret', port: 7688, ip: '10.0.0.2' }]);
  });

  test('without a terminal each thing that is missing names its flag, and nothing is written', async () => {
    expect(await run(['add', 'bob'])).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('--ip') as string,
    });
    expect(await run(['add', 'bob', '--ip', 'h'])).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('--password-file') as string,
    });
    expect(await run(['add', 'bob', '--ip', 'h', '--password-stdin'])).toMatchObject({ exit: 2 });
    expect(await run(['add', 'bob', '--ip', 'h', '--generate', '--password-stdin'])).toMatchObject({
      exit: 2,
    });
    expect(await run(['add', 'bob', '--ip', 'h', '--password-file', join(folder, 'none')])).toMatchObject({
      exit: 3,
    });
    expect(await run(['add', 'bob', 'password', '--ip', 'h'])).toMatchObject({ exit: 2 });
    expect(existsSync(path)).toBe(false);
  });

  test('a mistake names the field, not a line that is in no file', async () => {
    const { exit, stderr } = await run(['add', 'bob', '--ip', '10.0.0.2:7688', '--generate']);
    expect(exit).toBe(2);
    expect(stderr).toMatch(
      /^sotto: entry 1 \(bob\), ip: “10\.0\.0\.2:7688” has a port in the address \[directory-invalid\]\n {2}Write only/,
    );
  });

  test('list and show never show the password unless --reveal', async () => {
    await run(['add', 'bob', '--ip', 'fd00::2', '--port', '8', '--password-stdin'], {
      stdin: 'hidden words\n',
    });
    expect((await run(['list'])).stdout).toBe('bob  [fd00::2]:8  password\n');
    const listed = JSON.parse((await run(['list', '--json'])).stdout) as unknown;
    expect(listed).toEqual({
      type: 'entry',
      username: 'bob',
      ip: 'fd00::2',
      port: 8,
      has_password: true,
      line: 2,
    });
    const shown = await run(['show', 'bob']);
    expect(shown.stdout).not.toContain('hidden words');
    expect((await run(['show', 'bob', '--json'])).stdout).not.toContain('hidden words');
    expect((await run(['show', 'bob', '--reveal'])).stdout).toContain('password  hidden words\n');
  });

  test('set changes only what is given, and remove removes', async () => {
    writeFileSync(path, '[{"username":"bob","password":"x","port":"1","ip":"h","note":[1.0]}]', {
      mode: 0o600,
    });
    expect((await run(['set', 'bob', '--ip', '10.0.0.3', '--port', '5'])).exit).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe(
      '[{"username":"bob","password":"x","port":5,"ip":"10.0.0.3","note":[1.0]}]\n',
    );
    expect(await run(['set', 'bob'])).toMatchObject({
      exit: 2,
      stderr: expect.stringMatching(/Give --ip, .*--password-stdin or --generate/) as string,
    });
    expect((await run(['set', 'bob', '--password'], { answers: ['neu', 'neu'] })).exit).toBe(0);
    expect((await run(['set', 'bob', '--name', 'Bobby'])).exit).toBe(0);
    expect(read()).toMatchObject([{ username: 'Bobby', password: 'neu' }]);
    expect((await run(['remove', 'Bobby'])).exit).toBe(0);
    expect(read()).toEqual([]);
  });

  test.each([['show'], ['remove'], ['set', '--port', '1']])(
    '%s of nobody is exit 6',
    async (command, ...flags) => {
      await run(['init']);
      const { exit, stderr } = await run([command, 'eve', ...flags]);
      expect(exit).toBe(6);
      expect(stderr).toContain('[contact-unknown]');
    },
  );

  test('a file that cannot be written is exit 3, a missing one is exit 2', async () => {
    expect((await run(['list'])).exit).toBe(2);
    writeFileSync(join(folder, 'file'), '');
    path = join(folder, 'file', 'people.json');
    expect(await run(['init'])).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining('[directory-unwritable]') as string,
    });
  });

  test('init never replaces a file', async () => {
    expect((await run(['init'])).exit).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe('[]\n');
    expect((await run(['init'])).exit).toBe(2);
  });

  test('check names every mistake on stdout, exit 2; a good file is exit 0; --strict minds what is unsafe (DIR-05)', async () => {
    writeFileSync(path, '[\n  {"username":"bob","port":0,"ip":"h","password":"x"},\n  7\n]');
    const bad = await run(['check']);
    expect(bad.exit).toBe(2);
    expect(bad.stdout).toBe(
      `${path}: line 2, column 28: entry 1 (bob), port: 0 is not a port\n  A port is a whole number from 1 to 65535.\n` +
        `${path}: line 3, column 3: entry 2 is a number; every entry is an object { … }\n`,
    );
    const json = JSON.parse((await run(['check', '--json'])).stdout) as { problems: unknown[] };
    expect(json).toMatchObject({ type: 'check', directory: path, entries: 0 });
    expect(json.problems).toHaveLength(2);
    writeFileSync(path, '[{"username":"bob","port":1,"ip":"h","password":"x"}]');
    chmodSync(path, 0o644);
    expect(await run(['check'])).toMatchObject({
      exit: 0,
      stdout: `${path}: 1 entry, no mistakes\n`,
      stderr: expect.stringContaining('chmod 600') as string,
    });
    expect(await run(['check', '--strict'])).toMatchObject({ exit: 2, stdout: `${path}: 1 entry, unsafe\n` });
  });

  test('help and unknown commands', async () => {
    expect((await run(['--help'])).stdout).toMatch(/add.*list.*show.*set.*remove.*check.*init/s);
    expect((await run(['add', '--help'])).exit).toBe(0);
    expect((await run(['ad'])).exit).toBe(2);
    expect((await run([])).exit).toBe(2);
  });
});
