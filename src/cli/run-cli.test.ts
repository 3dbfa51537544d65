import { EventEmitter } from 'node:events';
import { PassThrough, Readable, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import type { MessageId } from '../api/index.ts';
import { createFakeServices, type FakeServices } from '../testing/fake-chat.ts';
import { runCli } from './run-cli.ts';

/** A reader that has gone away, as `| head` does. */
const brokenPipe = (): Writable => failing('EPIPE');

function failing(code: string): Writable {
  return new Writable({
    write(_chunk, _encoding, callback) {
      callback(Object.assign(new Error(`write ${code}`), { code }));
    },
  });
}

interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(
  argv: readonly string[],
  services: FakeServices,
  options: {
    readonly stdout?: Writable;
    readonly onStderr?: (text: string, signals: EventEmitter) => void;
    readonly stdin?: Buffer;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Promise<Ran> {
  const out = { stdout: '', stderr: '' };
  const signals = new EventEmitter();
  const stdin = new PassThrough();
  if (options.stdin) stdin.end(options.stdin);
  const sink = (name: keyof typeof out): Writable =>
    new Writable({
      write(chunk: Buffer, _encoding, callback) {
        out[name] += chunk.toString();
        if (name === 'stderr') options.onStderr?.(out.stderr, signals);
        callback();
      },
    });
  const stdio = { stdin, stdout: options.stdout ?? sink('stdout'), stderr: sink('stderr') };
  const env = { HOME: '/h', ...options.env };
  const exit = await runCli({ version: '0.0.0', argv, env, services: async () => services, stdio, signals });
  return { exit, ...out };
}

test('a broken pipe ends listen quietly (TUI-07)', async () => {
  const services = createFakeServices({ contacts: [{ name: 'bob' }] });
  const onStderr = (text: string): void => {
    if (text.includes('listening')) setImmediate(() => services.chat.receive('bob', 'hello'));
  };
  const { exit, stderr } = await run(['listen'], services, { stdout: brokenPipe(), onStderr });
  expect(exit).toBe(0);
  expect(stderr).toBe('alice is listening on 127.0.0.1:7688\n');
  expect(services.chat.closed).toBe(true);
});

test('a broken pipe does not change what send says about delivery', async () => {
  const services = createFakeServices({ contacts: [{ name: 'bob' }] });
  const { exit, stderr } = await run(['send', '--json', 'bob', 'hi'], services, { stdout: brokenPipe() });
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: 'delivered to bob in 42 ms\n' });
});

test('an output that no disk takes is exit 3, after what became of the text', async () => {
  const services = createFakeServices({ contacts: [{ name: 'bob' }] });
  const ran = await run(['send', '--json', 'bob', 'hi'], services, { stdout: failing('ENOSPC') });
  expect(ran.exit).toBe(3);
  expect(ran.stderr.split('\n')).toEqual([
    'delivered to bob in 42 ms',
    'sotto: the output cannot be written: the disk is full [output-unwritable]',
    '  Only the output is lost: what was delivered, kept or changed stays so.',
    '',
  ]);
});

test('what holds an earlier text does not make a state of its own text that this one no longer has', async () => {
  const services = createFakeServices({
    contacts: [{ name: 'bob', outcome: [{ state: 'sent', held: false }] }],
  });
  const reason = { code: 'key-pending', message: 'Your key waits.' } as const;
  const progress = { state: 'queued', reason, held: false } as const;
  const ran = run(['send', '--json', 'bob', 'hi'], services);
  while (services.chat.messages.waiting()[0]?.progress?.state !== 'sent')
    await new Promise((resolve) => setImmediate(resolve));
  // The session that it left on was not for messages: both are queued again.
  for (const id of ['01910000-0000-7000-8000-000000000001', '01920000-0000-7000-8000-000000000001'])
    services.chat.emit({ type: 'message-progress', id: id as MessageId, to: 'bob', progress });
  const { exit, stdout } = await ran;
  expect(exit).toBe(4);
  expect(JSON.parse(stdout)).toMatchObject({ state: 'queued', held: true, code: 'key-pending', kept: true });
});

test('Ctrl-C ends a waiting send with 130, says that the text is kept, and closes what it opened', async () => {
  const services = createFakeServices({
    contacts: [{ name: 'bob', outcome: [{ state: 'sent', held: false }] }],
  });
  const waiting = Promise.withResolvers<EventEmitter>();
  const ran = run(['send', '--timeout', '1h', 'bob', 'hi'], services, {
    onStderr: (_text, signals) => waiting.resolve(signals),
  });
  // The key-pending block reaches stderr, so the command is waiting by then.
  while (services.chat.sent.length === 0) await new Promise((resolve) => setImmediate(resolve));
  services.chat.emit({ type: 'key-pending', name: 'bob', newSafetyNumber: '00002'.repeat(12) });
  (await waiting.promise).emit('SIGINT');
  const { exit, stdout, stderr } = await ran;
  expect({ exit, stdout }).toEqual({ exit: 130, stdout: '' });
  expect(stderr).toMatch(
    /\nnot delivered to bob yet, kept; goes out when Sotto next runs(?: \(it left, and may have arrived\))? \[interrupted\]\n$/,
  );
  expect(services.chat.closed).toBe(true);
});

test('a send behind very many texts for a contact that is held ends with the reason of those before it', async () => {
  const services = createFakeServices({ contacts: [{ name: 'bob', outcome: [] }, { name: 'carol' }] });
  const ran = run(['send', '--timeout', '1h', 'carol', 'bob', 'hi'], services);
  while (services.chat.sent.length < 2) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  const reason = { code: 'password-mismatch', message: 'The passwords differ.' } as const;
  const first = '01910000-0000-7000-8000-0000aaaa0001' as never;
  const progress = { state: 'queued', reason, held: true } as const;
  services.chat.emit({ type: 'message-progress', id: first, to: 'bob', progress });
  const { exit, stderr } = await ran;
  expect(exit).toBe(4);
  expect(stderr).toContain('not delivered to bob, held: The passwords differ. [password-mismatch]');
});

test('a pipe into the loop ends likewise, without waiting for the time', async () => {
  const services = createFakeServices({ contacts: [{ name: 'bob', outcome: [] }] });
  const argv = ['--port', '7000', '--directory', '/d.json', '--timeout', '1h'];
  const ran = run(argv, services, { stdin: Buffer.from('@bob hi\n@bob there\n') });
  while (services.chat.sent.length < 2) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  const reason = { code: 'password-mismatch', message: 'The passwords differ.' } as const;
  const first = '01910000-0000-7000-8000-0000aaaa0001' as never;
  const progress = { state: 'queued', reason, held: true } as const;
  services.chat.emit({ type: 'message-progress', id: first, to: 'bob', progress });
  expect((await ran).exit).toBe(4);
});

test('a send whose running program ends is exit 3, and says that the text is kept', async () => {
  const services = createFakeServices({
    contacts: [{ name: 'bob', outcome: [{ state: 'queued', held: false }] }],
    isServed: true,
  });
  const ran = run(['send', '--timeout', '1h', 'bob', 'hi'], services);
  while (services.chat.sent.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  await services.chat.close();
  const { exit, stderr } = await ran;
  expect({ exit, stderr }).toEqual({
    exit: 3,
    stderr:
      'not delivered to bob yet, kept; goes out when Sotto next runs: the running Sotto has ended [control-unusable]\n',
  });
});

test('text on stdin that is not UTF-8 is refused', async () => {
  const services = createFakeServices({ contacts: [{ name: 'bob' }] });
  const { exit, stderr } = await run(['send', 'bob'], services, { stdin: Buffer.from([0x68, 0xff, 0x69]) });
  expect(exit).toBe(2);
  expect(stderr).toContain('not valid UTF-8 [usage]');
  expect(services.opened).toEqual([]);
});

test('an unknown exception is internal, exit 70, with a stack only when tracing', async () => {
  const services = createFakeServices({ contacts: [] });
  const broken: FakeServices = {
    ...services,
    openChat: async () => {
      throw new TypeError('boom \u001b[2J');
    },
  };
  const quiet = await run(['identity'], broken);
  expect(quiet.exit).toBe(70);
  expect(quiet.stderr).toContain('a bug in sotto: boom ‹U+001B›[2J [internal]');
  expect(quiet.stderr).not.toContain('run-cli.test.ts');
  const traced = await run(['identity'], broken, { env: { SOTTO_TRACE: 'all' } });
  expect(traced.stderr).toContain('run-cli.test.ts');
});

test('listen --events --json prints everything that happens', async () => {
  const services = createFakeServices({ contacts: [{ name: 'bob' }] });
  const onStderr = (text: string, signals: EventEmitter): void => {
    if (!text.includes('listening') || services.chat.calls.includes('emitted')) return;
    services.chat.calls.push('emitted');
    setImmediate(() => {
      services.chat.emit({ type: 'contact-connected', name: 'bob', firstContact: true });
      services.chat.emit({ type: 'messages-missing', from: 'bob', count: 2 });
      setImmediate(() => signals.emit('SIGINT'));
    });
  };
  const { exit, stdout } = await run(['listen', '--events', '--json'], services, { onStderr });
  expect(exit).toBe(130);
  expect(stdout.trim().split('\n')).toEqual([
    '{"type":"contact-connected","name":"bob","first_contact":true,"cursor":"fake.1"}',
    '{"type":"messages-missing","from":"bob","count":2,"cursor":"fake.2"}',
  ]);
});

test('a reader that does not read makes listen wait, not collect', async () => {
  const services = createFakeServices({ contacts: [{ name: 'bob' }] });
  let written = 0;
  const release = Promise.withResolvers<() => void>();
  const stuck = new Writable({
    highWaterMark: 10,
    write(chunk: Uint8Array, _encoding, callback) {
      const isFirst = written === 0;
      if (chunk.length > 0) written += 1;
      if (isFirst) release.resolve(callback);
      else callback();
    },
  });
  const flood = (): void => {
    for (let i = 0; i < 100; i++) services.chat.receive('bob', `number ${i}`);
  };
  const ran = run(['listen'], services, {
    stdout: stuck,
    onStderr: () => setImmediate(flood),
  });
  const go = await release.promise;
  // One turn of the event loop is enough to write all hundred, if nothing waited.
  await new Promise((resolve) => setImmediate(resolve));
  expect(stuck.writableLength).toBeLessThan(100);
  go();
  services.chat.emit({ type: 'peer-restarted', name: 'bob' });
  await services.chat.close();
  expect((await ran).exit).toBe(0);
  expect(written).toBe(100);
});

test('who reads only the messages gets them, also when nobody reads what is said besides', async () => {
  const services = createFakeServices({ contacts: [{ name: 'bob' }] });
  services.chat.receive('bob', 'hello');
  const signals = new EventEmitter();
  let stdout = '';
  const sink = new Writable({
    write(chunk: Buffer, _encoding, callback) {
      stdout += chunk.toString();
      setImmediate(() => signals.emit('SIGTERM'));
      callback();
    },
  });
  const stdio = { stdin: new PassThrough(), stdout: sink, stderr: brokenPipe() };
  const run = {
    version: '0.0.0',
    argv: ['listen'],
    env: { HOME: '/h' },
    services: async () => services,
    stdio,
  };
  expect([await runCli({ ...run, signals }), stdout]).toEqual([143, 'bob: hello\n']);
});

test('a stdin that the system does not let us read is exit 3, in words', async () => {
  const services = createFakeServices({ contacts: [{ name: 'bob' }] });
  for (const argv of [
    ['send', 'bob'],
    ['--as', 'alice', '--directory', '/d'],
  ]) {
    const stdin = new Readable({
      read() {
        this.destroy(Object.assign(new Error('EBADF: bad file descriptor, read'), { code: 'EBADF' }));
      },
    });
    const stderr = new PassThrough();
    const stdio = { stdin, stdout: new PassThrough(), stderr };
    const run = { version: '0.0.0', argv, env: { HOME: '/h' }, services: async () => services, stdio };
    expect(await runCli(run)).toBe(3);
    expect(String(stderr.read())).toContain('sotto: stdin cannot be read: it is not open [file-unusable]');
  }
});

test('a terminal that hangs up at a hidden question ends the command, and is no bug (TUI-08)', async () => {
  for (const hangUp of [(stdin: PassThrough) => stdin.end(), (stdin: PassThrough) => stdin.destroy(eio())]) {
    const stdin = Object.assign(new PassThrough(), {
      isTTY: true,
      setRawMode(on: boolean) {
        if (on) setImmediate(() => hangUp(stdin));
        else throw eio();
      },
    });
    const stderr = Object.assign(new PassThrough(), { isTTY: true });
    const stdio = { stdin, stdout: new PassThrough(), stderr };
    const services = async (): Promise<FakeServices> => createFakeServices({ contacts: [] });
    const argv = ['passphrase', 'set'];
    expect(await runCli({ version: '0.0.0', argv, env: { HOME: '/h' }, services, stdio })).toBe(130);
    expect(String(stderr.read())).not.toContain('bug');
  }
});

function eio(): Error {
  return Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
}
