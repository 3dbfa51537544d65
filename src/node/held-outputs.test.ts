import { expect, test } from 'vitest';
import type { MessageId } from '../api/index.ts';
import { NO_GUESSES } from '../directory/index.ts';
import type { EngineOutput } from '../engine/index.ts';
import { heldOutputs } from './held-outputs.ts';

const guesses = { ...NO_GUESSES };
const trust = (username: string, repairUntilWall: number) =>
  ({ type: 'trust', record: { username, repairUntilWall } }) as const;
const progress = (id: string, state: 'sent' | 'delivered'): EngineOutput => ({
  type: 'event',
  event: { type: 'message-progress', id: id as MessageId, to: 'bob', progress: { state } } as never,
});

test('of a record, of the ledger and of a message only the last state waits for the disk (STO-03)', () => {
  const held = heldOutputs([
    { type: 'commit', changes: [trust('bob', 1), { type: 'guesses', guesses: NO_GUESSES }] },
    progress('one', 'sent'),
    { type: 'write', link: 1 as never, bytes: new Uint8Array(1) },
    { type: 'commit', changes: [{ type: 'guesses', guesses }, trust('eve', 2), trust('bob', 3)] },
    progress('two', 'sent'),
    progress('one', 'delivered'),
  ]);
  expect(held).toEqual([
    { type: 'commit', changes: [{ type: 'guesses', guesses }, trust('eve', 2), trust('bob', 3)] },
    progress('two', 'sent'),
    progress('one', 'delivered'),
  ]);
});

test('a thousand events wait at most, the last ones', () => {
  const restarted = (name: string): EngineOutput => ({
    type: 'event',
    event: { type: 'peer-restarted', name },
  });
  const held = heldOutputs(Array.from({ length: 1_500 }, (_, index) => restarted(`peer ${index}`)));
  expect([held.length, held[0]]).toEqual([1_000, restarted('peer 500')]);
});
