import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { EventEmitter } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterAll, expect, test } from 'vitest';
import type { HistoryPage, HistoryQuery, OutgoingState } from '../../src/api/index.ts';
import { runCli } from '../../src/cli/index.ts';
import {
  createFakeServices,
  type FakeChatOptions,
  type FakeMessage,
  type FakeServices,
} from '../../src/testing/fake-chat.ts';

const folder = mkdtempSync(join(tmpdir(), 'sotto-history-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Running {
  readonly ended: Promise<{ readonly exit: number; readonly stdout: string; readonly stderr: string }>;
  readonly signals: EventEmitter;
  /** Resolves when stdout has this many lines. */
  readonly shows: (lines: number) => Promise<void>;
}

function start(argv: readonly string[], services: FakeServices): Running {
  const out = { stdout: '', stderr: '' };
  const signals = new EventEmitter();
  const written = new EventEmitter();
  const sink = (name: keyof typeof out): Writable =>
    new Writable({
      write(chunk: Buffer, _encoding, callback) {
        out[name] += chunk.toString();
        written.emit('more');
        callback();
      },
    });
  const stdio = { stdin: new PassThrough(), stdout: sink('stdout'), stderr: sink('stderr') };
  const run = { version: '0.0.0', argv, env: { HOME: '/h' }, services: async () => services, stdio, signals };
  const ended = runCli(run).then((exit) => ({ exit, ...out }));
  const shows = async (lines: number): Promise<void> => {
    while (out.stdout.split('\n').length - 1 < lines)
      await new Promise((resolve) => written.once('more', resolve));
  };
  return { ended, signals, shows };
}

function past(count: number): readonly FakeMessage[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `01910000-0000-7000-8000-${String(i).padStart(12, '0')}` as never,
    with: 'bob',
    direction: 'in' as const,
    text: `old ${i + 1}`,
    writtenAtWall: Date.UTC(2026, 0, 1, 12, 0, i),
    storedAtWall: Date.UTC(2026, 0, 1, 12, 0, i),
  }));
}

function served(options: Partial<FakeChatOptions> = {}): FakeServices {
  return createFakeServices({ contacts: [{ name: 'bob' }, { name: 'carol' }], isServed: true, ...options });
}

function texts(stdout: string): readonly string[] {
  const lines = stdout.split('\n').filter((line) => line !== '');
  const objects = lines.map((line) => JSON.parse(line) as { readonly type: string; readonly text: string });
  return objects.filter(({ type }) => type === 'history').map(({ text }) => text);
}

test('history --follow tells what becomes of the texts that it has shown, once for each state', async () => {
  const waiting = {
    ...past(1)[0]!,
    direction: 'out' as const,
    progress: { state: 'queued', held: false } as const,
  };
  const services = served({ past: [waiting] });
  const { chat } = services;
  const running = start(['history', '--follow', '--json'], services);
  await running.shows(1);
  const tell = (progress: OutgoingState): void =>
    chat.emit({ type: 'message-progress', id: waiting.id, to: 'bob', progress });
  tell({ state: 'queued', held: false, reason: { code: 'refused', message: 'Nobody listens.' } });
  tell({ state: 'sent', held: false });
  await running.shows(2);
  tell({ state: 'queued', held: false });
  tell({ state: 'delivered', tookMs: 7 });
  await running.shows(3);
  chat.receive('bob', 'the end');
  await running.shows(4);
  running.signals.emit('SIGINT');
  const { stdout } = await running.ended;
  const { id } = waiting;
  expect(
    stdout
      .trim()
      .split('\n')
      .slice(1, 3)
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { type: 'progress', id, to: 'bob', state: 'sent', held: false },
    { type: 'progress', id, to: 'bob', state: 'delivered', took_ms: 7 },
  ]);
});

test('history --follow shows what is there and what comes, without a gap and without a repetition', async () => {
  const services = served({ past: past(3) });
  const { chat } = services;
  const ask = chat.history.bind(chat);
  let asked = 0;
  // Between any two looks at the history something arrives.
  chat.history = async (query?: HistoryQuery): Promise<HistoryPage> => {
    asked += 1;
    if (asked <= 5) chat.receive('bob', `new ${asked}`);
    const page = await ask(query);
    if (asked <= 5) chat.receive('carol', `newer ${asked}`);
    return page;
  };
  const following = start(['history', '--follow', '--json', '--limit', '2'], services);
  await following.shows(8);
  following.signals.emit('SIGINT');
  const { exit, stdout } = await following.ended;
  expect(exit).toBe(130);
  const all = (await ask({ after: 0, limit: 1000 })).entries.map(({ text }) => text.exact());
  const shown = texts(stdout);
  expect(shown.length).toBeGreaterThanOrEqual(8);
  // The first page was two long; from there on nothing is left out, and nothing comes twice.
  const from = all.indexOf(shown[0] ?? '');
  expect(shown).toEqual(all.slice(from, from + shown.length));
});

test('history --follow with one contact shows nobody else’s', async () => {
  const services = served({ past: past(1) });
  const following = start(['history', 'bob', '--follow', '--json'], services);
  await following.shows(1);
  services.chat.receive('carol', 'not this');
  services.chat.receive('bob', 'this');
  await services.chat.sendText({ to: 'bob', text: 'and ours' });
  await following.shows(3);
  await services.chat.close();
  const { exit, stdout, stderr } = await following.ended;
  expect(texts(stdout)).toEqual(['old 1', 'this', 'and ours']);
  expect(stdout.trimEnd().split('\n').at(-1)).toContain('{"type":"error","code":"control-unusable"');
  expect(exit).toBe(3);
  expect(stderr).toContain('no Sotto runs with this home');
});

test('history --all and an export read page after page, each message once', async () => {
  const services = served({ past: past(2345) });
  const limits = new Set<number | undefined>();
  const ask = services.chat.history.bind(services.chat);
  services.chat.history = async (query?: HistoryQuery): Promise<HistoryPage> => {
    limits.add(query?.limit);
    return ask(query);
  };
  const all = texts((await start(['history', '--all', '--json'], services).ended).stdout);
  expect(all).toEqual(past(2345).map(({ text }) => text));
  const exported = texts((await start(['export', '--format', 'jsonl'], services).ended).stdout);
  expect(exported).toEqual(all);
  expect([...limits].every((limit) => limit !== undefined && limit <= 1000)).toBe(true);
});

test('an export to a file is 0600, overwrites nothing, and is whole or not there', async () => {
  const services = served({ past: past(1500) });
  const path = join(folder, 'all.txt');
  const first = await start(['export', 'bob', '--output', path], services).ended;
  expect(first).toEqual({ exit: 0, stdout: '', stderr: `exported 1500 messages to ${path}\n` });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  expect(lines.filter((line) => /^\d\d:\d\d bob: old \d+$/.test(line))).toHaveLength(1500);
  writeFileSync(path, 'mine');
  const second = await start(['export', '--output', path], services).ended;
  expect([second.exit, second.stderr]).toEqual([
    2,
    `sotto: ${path} is there already [usage]\n  An export overwrites nothing: give another file.\n`,
  ]);
  expect(readFileSync(path, 'utf8')).toBe('mine');
  const broken = join(folder, 'broken.jsonl');
  const ask = services.chat.history.bind(services.chat);
  services.chat.history = async (query?: HistoryQuery): Promise<HistoryPage> => {
    if ((query?.after ?? 0) > 0) throw new Error('the second page cannot be read');
    return ask(query);
  };
  const third = await start(['export', '--format', 'jsonl', '--output', broken], services).ended;
  expect(third.exit).toBe(70);
  expect(existsSync(broken)).toBe(false);
  const nowhere = await start(['export', '--output', join(folder, 'no/such/file')], services).ended;
  expect(nowhere.exit).toBe(3);
  expect(nowhere.stderr).toContain('[file-unusable]');
});
