// A stand-in for person.ts in a hundred lines, which can be told to make a mistake: the control experiment of the durability
// tests. Each of them must find nothing in it without a mistake, and must find each mistake.
import { mkdirSync, writeSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import SQLite from 'better-sqlite3-multiple-ciphers';
import { readText, textOf, type Entry, type Order, type PersonOptions, type Report } from './lines.ts';

type Line = { readonly ack: number } | { readonly seq: number; readonly id: string; readonly text: string };
interface Row {
  readonly position: number;
  readonly id: string;
  readonly text: string;
  readonly isIncoming: number;
  readonly isDone: number;
}

const options = JSON.parse(process.argv[2] ?? '{}') as PersonOptions;
const { name, home, port } = options;
const bugs = new Set(options.bugs);
const peer = options.peer ?? { name: '', port: 0 };
const REDIAL_MS = 20;

mkdirSync(home, { recursive: true });
const database = new SQLite(join(home, 'sotto.db'));
database.pragma(`cipher='chacha20'`);
database.key(Buffer.alloc(32, 7));
database.pragma('journal_mode=WAL');
database.pragma(bugs.has('synchronous=NORMAL') ? 'synchronous=NORMAL' : 'synchronous=FULL');
database.exec(`CREATE TABLE IF NOT EXISTS message
  (position INTEGER PRIMARY KEY, id TEXT, text TEXT, isIncoming INTEGER, isDone INTEGER) STRICT;
  CREATE INDEX IF NOT EXISTS message_by_id ON message (id);`);
const insert = database.prepare('INSERT INTO message (id, text, isIncoming, isDone) VALUES (?, ?, ?, 0)');
const byId = database.prepare('SELECT 1 FROM message WHERE id = ? AND isIncoming = 1');
/** Outgoing: acked. Incoming: shown. */
const done = database.prepare('UPDATE message SET isDone = 1 WHERE position = ?');
const open = database.prepare('SELECT * FROM message WHERE isIncoming = ? AND isDone = 0 ORDER BY position');
const all = database.prepare('SELECT * FROM message ORDER BY position');
let shown: number[] = [];
let outgoing: Socket | undefined;

function report(line: Report): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}
function show(text: string, isBelated: boolean): void {
  report({ type: 'received', from: peer.name, isBelated, ...readText(peer.name, text) });
}
function entries(): readonly Entry[] {
  return (all.all() as Row[]).map(({ id, text, isIncoming, isDone }) => {
    const author = isIncoming === 1 ? peer.name : name;
    const state = isIncoming === 1 ? 'in' : isDone === 1 ? 'delivered' : 'queued';
    const walls = { writtenAtWall: 0, storedAtWall: 0 };
    return { author, with: peer.name, id, state, ...readText(author, text), ...walls };
  });
}

/** One chunk of the peer's is one transaction, as a turn of the real program is. */
function takeRows(lines: readonly Line[], socket: Socket): void {
  const rows = lines.filter((line) => 'seq' in line);
  const ack = (): void =>
    void socket.write(rows.map(({ seq }) => `${JSON.stringify({ ack: seq })}\n`).join(''));
  const fresh = rows.filter(({ id }) => bugs.has('no dedupe') || byId.get(id) === undefined);
  if (bugs.has('ack before commit')) ack();
  if (bugs.has('event before commit')) for (const { text } of fresh) show(text, false);
  const positions: number[] = [];
  database.transaction(() => {
    for (const position of shown) done.run(position);
    for (const { id, text } of fresh) positions.push(Number(insert.run(id, text, 1).lastInsertRowid));
  })();
  shown = positions;
  if (!bugs.has('ack before commit')) ack();
  if (!bugs.has('event before commit')) for (const { text } of fresh) show(text, false);
}

function takeAcks(lines: readonly Line[], ids: ReadonlyMap<number, string>): void {
  const acks = lines.filter((line) => 'ack' in line);
  database.transaction(() => {
    for (const { ack } of acks) done.run(ack);
  })();
  for (const { ack } of acks) report({ type: 'delivered', id: ids.get(ack) ?? '' });
}

const idOf = new Map<number, string>();
function sendRow(position: number, id: string, text: string): void {
  idOf.set(position, id);
  outgoing?.write(`${JSON.stringify({ seq: position, id, text })}\n`);
}
function onLines(socket: Socket, take: (lines: readonly Line[]) => void): void {
  let rest = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (lines.length > 0) take(lines.map((line) => JSON.parse(line) as Line));
  });
  socket.on('error', () => undefined);
}
function dial(): void {
  const socket = connect(peer.port, '127.0.0.1', () => {
    outgoing = socket;
    for (const { position, id, text } of open.all(0) as Row[]) sendRow(position, id, text);
  });
  onLines(socket, (lines) => takeAcks(lines, idOf));
  socket.on('close', () => {
    outgoing = undefined;
    setTimeout(dial, REDIAL_MS);
  });
}

function obey(order: Order): void {
  if (order.type === 'outbox') report({ type: 'outbox', total: open.all(0).length });
  else if (order.type === 'history') report({ type: 'history', entries: entries() });
  else if (order.type === 'memory') report({ type: 'memory', rss: process.memoryUsage.rss() });
  else if (order.type === 'quit') process.exit(0);
  if (order.type !== 'send') return;
  for (const number of order.numbers) {
    const [id, text] = [`${name}-${number}`, textOf(name, number)];
    const position = Number(insert.run(id, text, 0).lastInsertRowid);
    report({ type: 'queued', to: peer.name, number, id });
    sendRow(position, id, text);
  }
}

if (options.isInspected) report({ type: 'found', entries: entries(), isAll: true });
const server = createServer((socket) => onLines(socket, (lines) => takeRows(lines, socket)));
server.on('error', (error: NodeJS.ErrnoException) => {
  report({
    type: 'failed',
    code: error.code === 'EADDRINUSE' ? 'port-in-use' : 'thrown',
    message: String(error),
  });
  process.exit(3);
});
server.listen(port, '127.0.0.1', () => {
  const belated = open.all(1) as Row[];
  shown = belated.map(({ position }) => position);
  for (const { text } of belated) show(text, true);
  report({ type: 'ready', pid: process.pid, key: name });
  dial();
  createInterface({ input: process.stdin }).on('line', (line) => obey(JSON.parse(line) as Order));
});
