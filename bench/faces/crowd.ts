import { setTimeout as pause } from 'node:timers/promises';
import type { Chat } from '../../src/api/index.ts';
import { median, percentile } from '../statistics.ts';
import type { Pair } from './pair.ts';
import type { Figures } from './report.ts';

const CLIENTS = 50;
const TEXTS_PER_SECOND = 1_000;
const ARRIVAL_MS = 120_000;

interface Sending {
  readonly accepted: Set<string>;
  readonly tookMs: number[];
}

/**
 * Fifty clients send a thousand texts a second, each by its own clock, whatever became of the one before; then as fast as each of them
 * has its answers. What was accepted has to arrive, once.
 */
export async function press(pair: Pair, seconds: number): Promise<Figures> {
  const chats = await Promise.all(Array.from({ length: CLIENTS }, async () => pair.connect()));
  const paced: Sending = { accepted: new Set(), tookMs: [] };
  const began = performance.now();
  await Promise.all(chats.map(async (chat, client) => sendByClock(chat, client, { began, seconds }, paced)));
  const pacedSeconds = (performance.now() - began) / 1_000;

  const fast: Sending = { accepted: new Set(), tookMs: [] };
  const until = performance.now() + (seconds / 2) * 1_000;
  await Promise.all(chats.map(async (chat, client) => sendInTurn(chat, client, until, fast)));
  const accepted = [...paced.accepted, ...fast.accepted];
  await arrival(pair, accepted);
  await Promise.all(chats.map(async (chat) => chat.close()));
  return {
    offered: TEXTS_PER_SECOND,
    crowdPerSecond: paced.accepted.size / pacedSeconds,
    crowdP50Ms: median(paced.tookMs),
    crowdP99Ms: percentile(paced.tookMs, 0.99),
    fastPerSecond: fast.accepted.size / (seconds / 2),
    accepted: accepted.length,
    lost: accepted.filter((text) => !pair.arrived.has(text)).length,
    // Those of the other measurements too, but for the commands, which all send the same.
    doubled: [...pair.arrived].filter(([text, times]) => text !== 'hi' && times > 1).length,
  };
}

async function sendByClock(
  chat: Chat,
  client: number,
  { began, seconds }: { readonly began: number; readonly seconds: number },
  sending: Sending,
): Promise<void> {
  const everyMs = (1_000 * CLIENTS) / TEXTS_PER_SECOND;
  const underWay: Promise<void>[] = [];
  const offsetMs = (client * everyMs) / CLIENTS;
  for (let n = 0; n < (seconds * 1_000) / everyMs; n++) {
    await pause(Math.max(0, began + offsetMs + n * everyMs - performance.now()));
    underWay.push(send(chat, `paced ${client}.${n}`, sending));
  }
  await Promise.all(underWay);
}

async function sendInTurn(chat: Chat, client: number, until: number, sending: Sending): Promise<void> {
  for (let n = 0; performance.now() < until; n++) await send(chat, `fast ${client}.${n}`, sending);
}

async function send(chat: Chat, text: string, { accepted, tookMs }: Sending): Promise<void> {
  const began = performance.now();
  await chat.sendText({ to: 'bob', text });
  tookMs.push(performance.now() - began);
  accepted.add(text);
}

async function arrival({ arrived }: Pair, accepted: readonly string[]): Promise<void> {
  const giveUpAt = performance.now() + ARRIVAL_MS;
  while (performance.now() < giveUpAt && accepted.some((text) => !arrived.has(text))) await pause(100);
}
