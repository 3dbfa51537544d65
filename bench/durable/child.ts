// One end: node child.ts sender|receiver <folder> <port>, with orders from its parent.
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { percentile } from '../statistics.ts';
import { receive, textOf } from '../texts.ts';
import type { Change } from '../../src/engine/index.ts';
import type { Figures, Order } from './messages.ts';
import { Person, replay } from './person.ts';

const WINDOW = 256;
/** What the transaction of one message writes to the log, roughly. */
const SYNC_BYTES = 24_576;

const [end = '', folder = '', port = ''] = process.argv.slice(2);
let person: Person | undefined;
let transactions: (readonly Change[])[] = [];
/** An ack has arrived; that it settles messages is not yet committed. */
let onAck = (): void => {};

async function obey(order: Order): Promise<Figures> {
  switch (order.type) {
    case 'open':
      return open(order);
    case 'close':
      await person?.close();
      return {};
    case 'one':
      return oneAtATime(order.trips);
    case 'flight':
      return inFlight(order.warmUpMs, order.measuredMs);
    case 'replay':
      return replayed();
    case 'sync':
      return { syncP50Ms: syncTime(order.times) };
  }
}

/** Each opening is a new home: the former one's size must not count. */
async function open({ store, isRecording }: Order & { readonly type: 'open' }): Promise<Figures> {
  const home = join(folder, `home-${end}`);
  rmSync(home, { recursive: true, force: true });
  transactions = [];
  const options = {
    directory: join(folder, 'directory.json'),
    as: end,
    home,
    ...(end === 'receiver'
      ? ({ mode: 'listen', port: Number(port), bind: ['127.0.0.1'] } as const)
      : ({ mode: 'dial' } as const)),
  };
  person = await Person.open(options, store, (changes) => {
    if (isRecording && changes.length > 0) transactions.push(changes);
    if (changes.some((change) => change.type === 'outbox-settle')) onAck();
  });
  person.onEvent = (event) => {
    if (event.type === 'message-received') receive(event.text.exact());
  };
  return {};
}

async function oneAtATime(trips: number): Promise<Figures> {
  let delivered = Promise.withResolvers<void>();
  const { chat } = openPerson();
  openPerson().onEvent = (event) => {
    if (event.type === 'message-progress' && event.progress.state === 'delivered') delivered.resolve();
  };
  const times: number[] = [];
  const warmUp = Math.ceil(trips / 5);
  for (let trip = 0; trip < warmUp + trips; trip++) {
    delivered = Promise.withResolvers<void>();
    const began = performance.now();
    let took = Number.NaN;
    onAck = () => (took = performance.now() - began);
    await chat.sendText({ to: 'receiver', text: textOf(trip) });
    await delivered.promise;
    if (trip >= warmUp) times.push(took);
  }
  return { oneP50Ms: percentile(times, 0.5), oneP95Ms: percentile(times, 0.95) };
}

async function inFlight(warmUpMs: number, measuredMs: number): Promise<Figures> {
  let [sent, acked, isOver] = [0, 0, false];
  const all = Promise.withResolvers<void>();
  const { chat } = openPerson();
  const send = (): void => void chat.sendText({ to: 'receiver', text: textOf(sent++) });
  openPerson().onEvent = (event) => {
    if (event.type !== 'message-progress' || event.progress.state !== 'delivered') return;
    acked += 1;
    if (!isOver) send();
    else if (acked === sent) all.resolve();
  };
  for (let n = 0; n < WINDOW; n++) send();
  await pause(warmUpMs);
  const [began, before] = [performance.now(), acked];
  await pause(measuredMs);
  const [ended, after] = [performance.now(), acked];
  isOver = true;
  await all.promise;
  return { flightPerSecond: ((after - before) / (ended - began)) * 1_000, texts: acked };
}

function replayed(): Figures {
  const { length } = transactions;
  const seconds = replay(join(folder, `replayed-${end}`), transactions);
  return { seconds, transactions: length };
}

function syncTime(times: number): number {
  const path = join(folder, `sync-${end}`);
  const file = openSync(path, 'w');
  const bytes = new Uint8Array(SYNC_BYTES).fill(1);
  const taken: number[] = [];
  for (let n = 0; n < times; n++) {
    const began = performance.now();
    writeSync(file, bytes);
    fdatasyncSync(file);
    taken.push(performance.now() - began);
  }
  closeSync(file);
  rmSync(path);
  return percentile(taken, 0.5);
}

function openPerson(): Person {
  if (!person) throw new Error('nothing is open');
  return person;
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

process.on('message', (order: Order) => {
  void obey(order).then((figures) => process.send?.(figures));
});
process.once('disconnect', () => process.exit());
