import { setTimeout as pause } from 'node:timers/promises';
import type { Person } from './town.ts';

/** A message of an honest pair takes a few milliseconds; this is what a loaded machine may make of it. */
export const PROMPT_MS = 2_500;

/** How the honest fared during an attack. */
export interface Talk {
  readonly messages: number;
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
  const chatter = friends.map(async (friend) => {
    for (let n = 0; !over.signal.aborted || n < 2; n++) {
      times.push(await friend.sendDelivered(target.name, `${friend.name} says ${n}`));
      times.push(await target.sendDelivered(friend.name, `${target.name} answers ${n}`));
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
