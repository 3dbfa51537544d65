// One end: node child.ts sender|receiver <folder> <port>, with orders from its parent.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { percentile } from '../statistics.ts';
import { receive, textOf } from '../texts.ts';
import type { Change } from '../../src/engine/index.ts';
import type { Answer, Order } from './messages.ts';
import { Person, replay } from './person.ts';

const WINDOW = 256;

const [end = '', folder = '', port = ''] = process.argv.slice(2);
let person: Person | undefined;
let transactions: (readonly Change[])[] = [];
let commits: number[] = [];
/** An ack has arrived; that it settles messages is not yet committed. */
let onAck = (): void => {};

async function obey(order: Order): Promise<Answer> {
  switch (order.type) {
    case 'open':
      return open(order);
    case 'close':
      await openPerson().close();
      return { commits, sizes: openPerson().sizes };
    case 'one':
      return oneAtATime(order.trips);
    case 'flight':
      return inFlight(order.warmUpMs, order.measuredMs);
    case 'replay':
      return replayed();
  }
}

/** Each opening is a new home: the former one's size must not count. */
async function open({ store, sizes, isRecording }: Order & { readonly type: 'open' }): Promise<Answer> {
  const home = join(folder, `home-${end}`);
  rmSync(home, { recursive: true, force: true });
  [transactions, commits] = [[], []];
  const options = {
    directory: join(folder, 'directory.json'),
    as: end,
    home,
    ...(end === 'receiver'
      ? ({ mode: 'listen', port: Number(port), bind: ['127.0.0.1'] } as const)
      : ({ mode: 'dial' } as const)),
  };
  const onCommit = (changes: readonly Change[]): void => {
    if (changes.length === 0) return;
    if (isRecording) transactions.push(changes);
    if (changes.some((change) => change.type === 'outbox-settle')) onAck();
    commits.push(clockMs());
  };
  person = await Person.open(options, { store, sizes, isRecording, onCommit });
  person.onEvent = (event) => {
    if (event.type === 'message-received') receive(event.text.exact());
  };
  return {};
}

async function oneAtATime(count: number): Promise<Answer> {
  let delivered = Promise.withResolvers<void>();
  const { chat } = openPerson();
  openPerson().onEvent = (event) => {
    if (event.type === 'message-progress' && event.progress.state === 'delivered') delivered.resolve();
  };
  const trips: (readonly [number, number])[] = [];
  const warmUp = Math.ceil(count / 5);
  for (let trip = 0; trip < warmUp + count; trip++) {
    delivered = Promise.withResolvers<void>();
    const began = clockMs();
    let acked = Number.NaN;
    onAck = () => (acked = clockMs());
    await chat.sendText({ to: 'receiver', text: textOf(trip) });
    await delivered.promise;
    if (trip >= warmUp) trips.push([began, acked]);
  }
  onAck = () => {};
  const times = trips.map(([began, acked]) => acked - began);
  return { trips, figures: { oneP50Ms: percentile(times, 0.5), oneP95Ms: percentile(times, 0.95) } };
}

async function inFlight(warmUpMs: number, measuredMs: number): Promise<Answer> {
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
  return { figures: { flightPerSecond: ((after - before) / (ended - began)) * 1_000, texts: acked } };
}

function replayed(): Answer {
  const { length } = transactions;
  const seconds = replay(join(folder, `replayed-${end}`), transactions);
  return { figures: { seconds, transactions: length } };
}

function openPerson(): Person {
  if (!person) throw new Error('nothing is open');
  return person;
}

/** The same clock in every process of the machine. */
function clockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

process.on('message', (order: Order) => {
  void obey(order).then((answer) => process.send?.(answer));
});
process.once('disconnect', () => process.exit());
