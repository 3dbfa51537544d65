import { expect, test } from 'vitest';
import type { MessageId } from '../api/index.ts';
import { NO_GUESSES } from '../directory/index.ts';
import type { Change, EngineOutput } from '../engine/index.ts';
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

test('however much else is told while the disk refuses, no received message is forgotten, and no warning for a dial’s sake', () => {
  const received = (id: number): EngineOutput => ({
    type: 'event',
    event: { type: 'message-received', id: `m${id}`, from: 'bob' } as never,
  });
  const warning: EngineOutput = { type: 'event', event: { type: 'clock-skew', name: 'bob', skewMs: 1 } };
  const messages = Array.from({ length: 1_500 }, (_, index) => received(index));
  const dials = Array.from({ length: 5 * 256 }, (_, index) => progress(`p${index}`, 'sent'));
  const held = heldOutputs([...messages.slice(0, 3), warning, ...dials, ...messages.slice(3)]);
  expect(heldOutputs(held)).toEqual([
    ...messages.slice(0, 3),
    warning,
    ...dials.slice(-1_000),
    ...messages.slice(3),
  ]);
});

test('what is said again and again of a contact is kept once; what is said of each message is all kept, in order', () => {
  const epoch = (byte: number): Uint8Array => new Uint8Array(16).fill(byte);
  const cursor = (byte: number) =>
    ({ type: 'inbox-cursor', peer: 'bob', epoch: epoch(byte), stored: 0, storedId: undefined }) as const;
  const pass = (seq: number) =>
    ({ type: 'inbox-pass', peer: 'bob', epoch: epoch(3), seq, id: `${seq}` }) as const;
  const sent = (seq: number) => ({ type: 'outbox-sent', peer: 'bob', epoch: epoch(1), seq }) as const;
  const reached = (atWall: number) => ({ type: 'reached-us', peer: 'bob', atWall }) as const;
  const before = [sent(1), cursor(1), cursor(2), reached(1), cursor(3)];
  const after = [pass(1), sent(2), pass(2), cursor(4), reached(2), cursor(5)];
  const changes = [...before, ...after] as readonly Change[];
  expect(heldOutputs([{ type: 'commit', changes }])).toEqual([
    { type: 'commit', changes: [cursor(3), pass(1), sent(2), pass(2), reached(2), cursor(5)] },
  ]);
});
