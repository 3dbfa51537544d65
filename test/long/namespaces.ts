import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../net/until.ts';
import type { Figures, LongOptions, LongPart } from './part.ts';

export const part: LongPart = {
  name: 'namespaces',
  description:
    'two programs on two machines (network namespaces): a peer that vanishes, a partition that heals, a slow line, a new address, a dead name server (NET-09 to NET-13)',
  run,
};

const ID = `sotto${process.pid}`;
const [A, B, SWITCH] = [`${ID}a`, `${ID}b`, `${ID}s`];
const PORT = 7_688;
const ADDRESS = { alice: '10.77.0.2', bob: '10.77.0.3', 'bob later': '10.77.0.4' } as const;
/** Names that do not resolve, because the name server never answers. */
const NAMED = Array.from({ length: 10 }, (_, index) => `named${index}`);

/** Seconds of silence after which a peer counts as gone, and some for the machine. */
const SILENCE_MAX_S = 46;

async function run({ log }: LongOptions): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-namespaces-'));
  try {
    const refusal = openNetwork();
    if (refusal !== undefined) {
      log(`this machine makes no network namespaces (${refusal}): run this part as root on Linux`);
      return { ok: false, figures: { impossible: 'no network namespaces on this machine' } };
    }
    return await story(folder, log);
  } finally {
    closeNetwork();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function story(folder: string, log: (line: string) => void): Promise<Figures> {
  const write = (name: string, bob: string): void => {
    const path = join(folder, `${name}.json`);
    writeFileSync(`${path}.new`, JSON.stringify(directory(bob)), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  };
  for (const name of ['alice', 'bob']) write(name, ADDRESS.bob);
  await using alice = new NamespacedPeer(A, folder, 'alice', ADDRESS.alice);
  await using bob = new NamespacedPeer(B, folder, 'bob', '0.0.0.0');
  await alice.says('listening', {});
  await bob.says('listening', {});
  const figures: Record<string, number> = {};
  const measure = async (name: string, act: () => Promise<void>): Promise<void> => {
    const started = performance.now();
    await act();
    figures[name] = Math.round((performance.now() - started) / 100) / 10;
    log(`${name}: ${figures[name]} s`);
  };

  await measure('first contact s', async () => alice.deliver('bob', 'hello'));
  for (const name of NAMED) alice.send(name, 'is anybody there?');
  await measure('by address while 10 names hang s', async () => alice.deliver('bob', 'past the resolver'));

  unplug(B);
  alice.send('bob', 'into the dark');
  await measure('dead peer noticed s', async () =>
    alice.says('contact-disconnected', { name: 'bob' }, 60_000),
  );
  const isBack = alice.saw('progress', { text: 'into the dark', state: 'queued' });
  plug(B);
  await measure('delivered after healing s', async () => alice.delivered('into the dark', 60_000));

  limit(B, '1mbit');
  await measure('300 texts at 1 Mbit/s s', async () => {
    const texts = Array.from({ length: 300 }, (_, index) => `${index} ${'x'.repeat(1_000)}`);
    for (const text of texts) alice.send('bob', text);
    await alice.delivered(texts.at(-1) ?? '', 120_000);
  });
  unlimit(B);
  await measure('a loose cable, 30 times out s', async () => {
    for (let index = 0; index < 30; index++) {
      unplug(B);
      await pause(60);
      plug(B);
      alice.send('bob', `loose ${index}`);
      await pause(200);
    }
    await alice.delivered('loose 29', 60_000);
  });

  readdress(B, ADDRESS.bob, ADDRESS['bob later']);
  write('alice', ADDRESS['bob later']);
  alice.send('bob', 'at your new place');
  await measure('delivered to the new address s', async () => alice.delivered('at your new place', 90_000));

  const shown = bob.texts();
  const isWhole = new Set(shown).size === shown.length && shown.length === 334 && isInOrder(shown);
  figures['shown once and in order'] = isWhole ? shown.length : 0;
  const ok =
    isWhole &&
    isBack &&
    (figures['by address while 10 names hang s'] ?? 99) < 2 &&
    (figures['dead peer noticed s'] ?? 99) <= SILENCE_MAX_S &&
    (figures['delivered after healing s'] ?? 99) <= 40 &&
    (figures['delivered to the new address s'] ?? 99) <= SILENCE_MAX_S + 5;
  return { ok, figures };
}

function isInOrder(shown: readonly string[]): boolean {
  const numbers = shown.flatMap((text) => (/^\d+ x/.test(text) ? [Number.parseInt(text, 10)] : []));
  const loose = shown.flatMap((text) => (text.startsWith('loose ') ? [Number(text.slice(6))] : []));
  return [numbers, loose].every((list) => list.every((number, index) => number === index));
}

function directory(bob: string): readonly object[] {
  const entry = (username: string, ip: string) => ({ username, password: `pw-${username}`, port: PORT, ip });
  const named = NAMED.map((name) => entry(name, `${name}.example.net`));
  return [entry('alice', ADDRESS.alice), entry('bob', bob), ...named];
}

// The network: two machines on one switch. A cable that is unplugged drops everything, and nobody is told.

function openNetwork(): string | undefined {
  try {
    for (const name of [A, B, SWITCH]) ip('netns', 'add', name);
    inside(SWITCH, 'link', 'add', 'br0', 'type', 'bridge');
    inside(SWITCH, 'link', 'set', 'br0', 'up');
    for (const [name, address] of [
      [A, ADDRESS.alice],
      [B, ADDRESS.bob],
    ] as const) {
      ip('link', 'add', 'eth0', 'netns', name, 'type', 'veth', 'peer', 'name', name, 'netns', SWITCH);
      inside(SWITCH, 'link', 'set', name, 'up');
      plug(name);
      inside(name, 'link', 'set', 'lo', 'up');
      inside(name, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
      inside(name, 'link', 'set', 'eth0', 'up');
    }
    // Its name server is a machine that is not there.
    mkdirSync(`/etc/netns/${A}`, { recursive: true });
    writeFileSync(`/etc/netns/${A}/resolv.conf`, 'nameserver 10.77.0.99\n');
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[1] ?? error.message) : 'unknown';
  }
}

function closeNetwork(): void {
  rmSync(`/etc/netns/${A}`, { recursive: true, force: true });
  for (const name of [A, B, SWITCH]) {
    try {
      ip('netns', 'delete', name);
    } catch {
      // It was never made.
    }
  }
}

function unplug(name: string): void {
  inside(SWITCH, 'link', 'set', name, 'nomaster');
}
function plug(name: string): void {
  inside(SWITCH, 'link', 'set', name, 'master', 'br0');
}
function limit(name: string, rate: string): void {
  const shape = ['root', 'tbf', 'rate', rate, 'burst', '4kb', 'latency', '400ms'];
  execute('ip', ['netns', 'exec', SWITCH, 'tc', 'qdisc', 'add', 'dev', name, ...shape]);
}
function unlimit(name: string): void {
  execute('ip', ['netns', 'exec', SWITCH, 'tc', 'qdisc', 'del', 'dev', name, 'root']);
}
function readdress(name: string, before: string, after: string): void {
  inside(name, 'addr', 'del', `${before}/24`, 'dev', 'eth0');
  inside(name, 'addr', 'add', `${after}/24`, 'dev', 'eth0');
}
function inside(name: string, ...words: readonly string[]): void {
  ip('-n', name, ...words);
}
function ip(...words: readonly string[]): void {
  execute('ip', words);
}
function execute(command: string, words: readonly string[]): void {
  execFileSync(command, words, { stdio: ['ignore', 'ignore', 'pipe'] });
}

interface Said {
  readonly type: string;
  readonly [field: string]: string | undefined;
}

/** A program on one of the machines. */
class NamespacedPeer implements AsyncDisposable {
  readonly #said: Said[] = [];
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<void>;

  constructor(namespace: string, folder: string, name: string, bind: string) {
    const words = [join(folder, `${name}.json`), join(folder, `home-${name}`), name, String(PORT), bind];
    const script = join(import.meta.dirname, 'namespaced-peer.ts');
    this.#child = spawn('ip', ['netns', 'exec', namespace, process.execPath, script, ...words]);
    this.#ended = new Promise((resolve) => void this.#child.once('close', () => resolve()));
    createInterface({ input: this.#child.stdout }).on(
      'line',
      (line) => void this.#said.push(JSON.parse(line) as Said),
    );
    this.#child.stderr.pipe(process.stderr);
  }

  send(to: string, text: string): void {
    this.#child.stdin.write(`${JSON.stringify({ to, text })}\n`);
  }
  async deliver(to: string, text: string): Promise<void> {
    this.send(to, text);
    await this.delivered(text, 20_000);
  }
  async delivered(text: string, withinMs: number): Promise<void> {
    await this.says('progress', { text, state: 'delivered' }, withinMs);
  }
  async says(type: string, fields: Readonly<Record<string, string>>, withinMs = 20_000): Promise<void> {
    await until(`${type} ${JSON.stringify(fields)}`, () => this.saw(type, fields), withinMs);
  }
  saw(type: string, fields: Readonly<Record<string, string>>): boolean {
    return this.#said.some(
      (said) => said.type === type && Object.entries(fields).every(([field, value]) => said[field] === value),
    );
  }
  texts(): readonly string[] {
    return this.#said.flatMap((said) => (said.type === 'received' ? [said['text'] ?? ''] : []));
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    await this.#ended;
    clearTimeout(timer);
  }
}
