// One person for the durability tests: the whole program but for a face, driven by JSON lines (lines.ts).
import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { createInterface } from 'node:readline';
import type { Chat, ChatEvent, HistoryEntry, MessageId } from '../../src/api/index.ts';
import { CodedError } from '../../src/base/index.ts';
import { openChat } from '../../src/node/index.ts';
import { readText, textOf, type Entry, type Order, type PersonOptions, type Report } from './lines.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as PersonOptions;
const { name, home, directory, port } = options;
/** Enough for what was under way when the one before us was killed. */
const NEWEST = 1_000;

/** Written at once: what a killed program has said must not have stayed in its memory. */
function report(line: Report): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

function code(error: unknown): string {
  return error instanceof CodedError ? error.failure.code : 'thrown';
}

async function main(): Promise<void> {
  const common = { directory, home, as: name, port };
  if (options.isInspected) {
    await using chat = await openChat({ ...common, mode: 'offline' }, {});
    const { entries, older } = await chat.history({ limit: NEWEST });
    report({ type: 'found', entries: entries.map(entryOf), isAll: older === undefined });
  }
  const chat = await openChat({ ...common, mode: 'listen', bind: ['127.0.0.1'], lingerMs: 60_000 }, {});
  void tell(chat);
  report({ type: 'ready', pid: process.pid, key: chat.self.key });
  // What is killed does not come to its exit.
  flushCompileCache();
  for await (const line of createInterface({ input: process.stdin })) {
    const order = JSON.parse(line) as Order;
    if (order.type === 'quit') break;
    void obey(chat, order).catch((error: unknown) =>
      report({ type: 'trouble', code: `order-${order.type}-${code(error)}`, message: String(error) }),
    );
  }
  process.stdin.destroy();
  await chat.close({ graceMs: 500 });
}

async function obey(chat: Chat, order: Order): Promise<void> {
  switch (order.type) {
    case 'send':
      for (const number of order.numbers) send(chat, order.to, number);
      break;
    case 'retry':
      await chat.retry(order.name);
      break;
    case 'outbox':
      report({ type: 'outbox', total: (await chat.outbox({ limit: 1 })).total });
      break;
    case 'history':
      report({ type: 'history', entries: await wholeHistory(chat) });
      break;
    case 'memory':
      report({ type: 'memory', rss: process.memoryUsage.rss() });
      break;
    case 'quit':
      break;
  }
}

function send(chat: Chat, to: string, number: number): void {
  chat.sendText({ to, text: textOf(name, number) }).then(
    (id) => report({ type: 'queued', to, number, id }),
    (error: unknown) => report({ type: 'not-queued', to, number, code: code(error) }),
  );
}

async function wholeHistory(chat: Chat): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  let after: number | undefined = 0;
  while (after !== undefined) {
    const page = await chat.history({ after, limit: 1_000 });
    for (const entry of page.entries) entries.push(entryOf(entry));
    after = page.newer;
  }
  return entries;
}

function entryOf(entry: HistoryEntry): Entry {
  const author = entry.direction === 'in' ? entry.with : name;
  const state = entry.outcome?.state ?? 'in';
  const { id, writtenAtWall, storedAtWall } = entry;
  const text = readText(author, entry.text.exact());
  return { author, with: entry.with, id, state, ...text, writtenAtWall, storedAtWall };
}

/** Each event is said before the next one is asked for: what was asked beyond counts as shown. */
async function tell(chat: Chat): Promise<void> {
  for await (const event of chat.events({ isScreen: true })) {
    const line = reportOf(event);
    if (line) report(line);
  }
}

function reportOf(event: ChatEvent): Report | undefined {
  switch (event.type) {
    case 'message-received': {
      const text = readText(event.from, event.text.exact());
      return { type: 'received', from: event.from, isBelated: event.isBelated === true, ...text };
    }
    case 'message-progress':
      return progress(event.id, event.progress);
    case 'trouble':
      return { type: 'trouble', code: event.reason.code, message: event.reason.message };
    case 'clock-skew':
      return { type: 'skew', skewMs: event.skewMs };
    case 'messages-lost-by-peer':
    case 'messages-missing':
      return { type: 'taken-back', what: event.type, count: event.count };
    case 'peer-restarted':
      return { type: 'taken-back', what: event.type, count: 1 };
    default:
      return undefined;
  }
}

function progress(
  id: MessageId,
  state: Extract<ChatEvent, { type: 'message-progress' }>['progress'],
): Report | undefined {
  if (state.state === 'delivered') return { type: 'delivered', id };
  if (state.state === 'queued' || state.state === 'sent') return undefined;
  return { type: 'given-up', id, state: state.state, code: state.reason.code };
}

try {
  await main();
} catch (error) {
  report({ type: 'failed', code: code(error), message: String(error) });
  process.exitCode = 3;
}
