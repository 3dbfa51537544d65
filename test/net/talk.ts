import { setTimeout as pause } from 'node:timers/promises';
import { starvedMs } from './starved.ts';
import type { Person } from './town.ts';

/**
 * A message of an honest pair takes a few milliseconds, and a second or two when both dialled at once and one has to try again.
 * Who is kept out for as long as an attack lasts, or waits for a deadline of somebody else’s, takes longer than this.
 */
export const PROMPT_MS = 8_000;

/** How the honest fared during an attack. */
export interface Talk {
  readonly messages: number;
  /** Less the time in which the machine kept this process from working. */
  readonly slowestMs: number;
}

/**
 * People go on talking to the one under attack, both ways, until the attack is over; each message is awaited. Fails when
 * one is lost.
 */
export async function talkDuring<Value>(
  target: Person,
  friends: readonly Person[],
  attack: () => Promise<Value>,
): Promise<{ readonly talk: Talk; readonly result: Value }> {
  const over = new AbortController();
  const times: number[] = [];
  const say = async (from: Person, to: string, text: string): Promise<void> => {
    const before = starvedMs();
    const tookMs = await from.sendDelivered(to, text);
    times.push(tookMs - (starvedMs() - before));
  };
  const chatter = friends.map(async (friend) => {
    for (let n = 0; !over.signal.aborted || n < 2; n++) {
      await say(friend, target.name, `${friend.name} says ${n}`);
      await say(target, friend.name, `${target.name} answers ${n}`);
      await pause(40);
    }
  });
  try {
    const result = await attack();
    over.abort();
    await Promise.all(chatter);
    return { talk: { messages: times.length, slowestMs: Math.max(...times) }, result };
  } finally {
    over.abort();
    await Promise.allSettled(chatter);
  }
}
