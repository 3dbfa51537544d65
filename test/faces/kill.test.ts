import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CodedError } from '../../src/base/index.ts';
import { connectControl, controlPath } from '../../src/control/index.ts';
import { COMPILE_CACHE } from '../compile-cache.ts';
import { freePort } from '../free-port.ts';
import { until } from '../net/until.ts';
import { writePeople } from '../people-file.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const PROCESSES = 20;
const LINKS = 8;
const CALLS_EACH = 10;
/** The node is killed when so many calls have been answered: the others are under way, or come after it. */
const ANSWERED_MAX = 25;

let folder = '';
const started = new Set<ChildProcess>();

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-faces-kill-'));
  const ports = { alice: await freePort(), bob: await freePort() };
  writePeople(join(folder, 'people.json'), ports);
  for (const name of Object.keys(ports)) mkdirSync(join(folder, name), { mode: 0o700 });
});
afterEach(async () => {
  for (const child of started) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  started.clear();
  rmSync(folder, { recursive: true, force: true });
});

function sotto(name: string, ...args: readonly string[]): ChildProcess {
  const env = {
    HOME: folder,
    SOTTO_DIRECTORY: join(folder, 'people.json'),
    SOTTO_AS: name,
    SOTTO_HOME: join(folder, name),
    SOTTO_BIND: '127.0.0.1',
    ...COMPILE_CACHE,
  };
  const child = spawn(process.execPath, [MAIN, ...args], { env });
  started.add(child);
  return child;
}

/** A program that listens, and the texts that it shows. */
async function listener(name: string): Promise<{ readonly child: ChildProcess; readonly texts: string[] }> {
  const child = sotto(name, 'listen', '--json');
  const texts: string[] = [];
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const { type, text } = JSON.parse(line) as { readonly type: string; readonly text: string };
    if (type === 'message') texts.push(text);
  });
  await once(child.stderr!, 'data');
  return { child, texts };
}

test('what was accepted before the node was killed under 100 senders is delivered once after its restart', async () => {
  const bob = await listener('bob');
  const alice = await listener('alice');
  const taken: string[] = [];
  const killed = Promise.withResolvers<void>();

  const processes = Array.from({ length: PROCESSES }, async (_, number) => {
    const text = `process ${number}`;
    const child = sotto('alice', 'send', 'bob', '--wait', 'queued');
    child.stdin!.end(`${text}\n`);
    const [exitCode] = (await once(child, 'exit')) as [number | null];
    if (exitCode === 0) taken.push(text);
    return exitCode;
  });
  await Promise.race(processes);

  let answered = 0;
  const path = controlPath(join(folder, 'alice'), {});
  const chats = await Promise.all(Array.from({ length: LINKS }, async () => connectControl(path)));
  const links = chats.map(async (chat, link) => {
    const refused: string[] = [];
    const call = async (text: string): Promise<void> => {
      try {
        await chat.sendText({ to: 'bob', text });
        taken.push(text);
        if (++answered < ANSWERED_MAX || alice.child.killed) return;
        alice.child.kill('SIGKILL');
        killed.resolve();
      } catch (error) {
        if (!(error instanceof CodedError)) throw error;
        refused.push(error.code);
      }
    };
    // Two at a time: some are answered, some are under way when the node dies, some come after it.
    for (let n = 0; n < CALLS_EACH; n += 2)
      await Promise.all([call(`call ${link}.${n}`), call(`call ${link}.${n + 1}`)]);
    await chat.close();
    return refused;
  });
  const refused = (await Promise.all(links)).flat();
  await killed.promise;
  const exitCodes = await Promise.all(processes);
  // Whoever finds nobody has the home to itself, and queues it there: few, if any, have to be told that it is in use.
  const failed = exitCodes.filter((code) => code !== 0);
  expect(failed.length).toBeLessThan(PROCESSES / 2);
  expect(new Set(refused)).toEqual(new Set(['control-unusable']));
  expect(taken.length + refused.length + failed.length).toBe(PROCESSES + LINKS * CALLS_EACH);

  await listener('alice');
  const chat = await connectControl(path);
  await until('an empty outbox', async () => (await chat.outbox()).messages.length === 0 || undefined);
  await chat.close();
  await until('the last text', () => taken.every((text) => bob.texts.includes(text)) || undefined);
  expect(bob.texts.toSorted()).toEqual([...new Set(bob.texts)].toSorted());
  expect(taken.filter((text) => !bob.texts.includes(text))).toEqual([]);
}, 300_000);
