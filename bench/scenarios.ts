import type { Client } from './contender.ts';
import { median, percentile } from './statistics.ts';
import { textOf } from './texts.ts';

// What is measured, the same for every contender. All of it runs in the client process.

const WINDOW = 256;

export interface Effort {
  /** Round trips of `one`, after a fifth as many that do not count. */
  readonly trips: number;
  /** Of `flight` and `cold`: how long is run before it counts, and how long is measured. */
  readonly warmUpMs: number;
  readonly measuredMs: number;
  /** At most 7: with the two that do not count and the one before `one`, more would be refused as guesses at passwords. */
  readonly firstContacts: number;
}

/** One contender's figures of one round, by name; report.ts says how each reads. */
export type Figures = Readonly<Record<string, number>>;

export interface Setting {
  readonly client: Client;
  readonly effort: Effort;
  /** Told when the measured part of `flight` begins and ends. */
  readonly mark: () => void;
}

export const SCENARIOS: Readonly<Record<string, (setting: Setting) => Promise<Figures>>> = {
  one: oneAtATime,
  flight: inFlight,
  cold: coldCycles,
  first: firstContacts,
};

/** One text at a time: from the call that sends it to its ack. */
async function oneAtATime({ client, effort: { trips } }: Setting): Promise<Figures> {
  let acked = Promise.withResolvers<void>();
  const conversation = await client.open(() => acked.resolve());
  const times: number[] = [];
  const warmUp = Math.ceil(trips / 5);
  for (let trip = 0; trip < warmUp + trips; trip++) {
    acked = Promise.withResolvers<void>();
    const begin = performance.now();
    conversation.send(textOf(trip));
    await acked.promise;
    if (trip >= warmUp) times.push(performance.now() - begin);
  }
  await conversation.close();
  return { oneP50Ms: percentile(times, 0.5), oneP95Ms: percentile(times, 0.95) };
}

/** 256 texts are under way all the time: each ack sends the next. */
async function inFlight({ client, effort, mark }: Setting): Promise<Figures> {
  let [sent, acked, isOver] = [0, 0, false];
  let whenAllAcked: (() => void) | undefined;
  const send = (count: number): void => {
    for (let n = 0; n < count; n++) conversation.send(textOf(sent++));
  };
  const conversation = await client.open((count) => {
    acked += count;
    if (!isOver) send(count);
    else if (acked === sent) whenAllAcked?.();
  });
  send(WINDOW);
  await pause(effort.warmUpMs);
  mark();
  const [begin, before, cpu] = [performance.now(), acked, process.cpuUsage()];
  await pause(effort.measuredMs);
  mark();
  const [end, after, { user, system }] = [performance.now(), acked, process.cpuUsage(cpu)];
  isOver = true;
  if (acked < sent) await new Promise<void>((resolve) => (whenAllAcked = resolve));
  await conversation.close();
  const count = after - before;
  return {
    flightPerSecond: (count / (end - begin)) * 1_000,
    flightTexts: count,
    flightSenderCpuUs: (user + system) / count,
  };
}

/** Connect, handshake, one text, its ack, close; the next begins when the former is over. */
async function coldCycles({ client, effort: { warmUpMs, measuredMs } }: Setting): Promise<Figures> {
  const warm = performance.now() + warmUpMs;
  let cycles = 0;
  while (performance.now() < warm) await client.cycle(textOf(cycles++));
  const times: number[] = [];
  const begin = performance.now();
  let now = begin;
  while (now < begin + measuredMs) {
    await client.cycle(textOf(cycles++));
    const then = now;
    now = performance.now();
    times.push(now - then);
  }
  return { coldPerSecond: (times.length / (now - begin)) * 1_000, coldMs: median(times) };
}

/** Two that have never met: connect, the handshake of a first contact, one text, its ack. The first two do not count. */
async function firstContacts({ client, effort: { firstContacts: count } }: Setting): Promise<Figures> {
  const times: number[] = [];
  for (let n = 0; n < count + 2; n++) {
    const meet = await client.prepareFirstContact(textOf(n));
    const begin = performance.now();
    await meet();
    if (n >= 2) times.push(performance.now() - begin);
  }
  return { firstMs: median(times) };
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
