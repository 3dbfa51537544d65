import { expect, onTestFinished, test, vi } from 'vitest';
import type { Bytes } from '../../src/base/index.ts';
import type { Change, EngineOutput } from '../../src/engine/index.ts';
import { Connection, type ConnectionInput } from '../../src/protocol/session/index.ts';
import { World, type SimulatedNode } from '../../src/testing/index.ts';

/** Frame header and tag: PAKE2 has 65 bytes, PAKE3 33, the smallest record 512. */
const PAKE2_FRAME = 2 + 65 + 16;
const PAKE3_FRAME = 2 + 33 + 16;

function recordOutputs(node: SimulatedNode): EngineOutput[] {
  const outputs: EngineOutput[] = [];
  const { engine } = node;
  const handle = engine.handle.bind(engine);
  engine.handle = (input, now) => {
    const out = handle(input, now);
    outputs.push(...out);
    return out;
  };
  return outputs;
}

/** What a record says, by its bytes: what the connection was given when it sealed them. */
function tapRecords(): (bytes: Bytes) => ConnectionInput | undefined {
  const spy = vi.spyOn(Connection.prototype, 'handle');
  onTestFinished(() => spy.mockRestore());
  return (bytes) => {
    const made = spy.mock.results.findIndex(
      ({ value }) =>
        Array.isArray(value) && value.some((output) => output.type === 'write' && output.bytes === bytes),
    );
    return spy.mock.calls[made]?.[0];
  };
}

interface Claim {
  readonly kind: string;
  readonly isGround: (change: Change) => boolean;
}

function isCommitted(before: readonly EngineOutput[], isIt: (change: Change) => boolean): boolean {
  return before.some((output) => output.type === 'commit' && output.changes.some((change) => isIt(change)));
}

/** Fails when an event or a write came before what it stands on was committed. Returns how many there were of each kind. */
function check(
  outputs: readonly EngineOutput[],
  inputOf: (bytes: Bytes) => ConnectionInput | undefined,
): Record<string, number> {
  const seen: Record<string, number> = {};
  for (const [index, output] of outputs.entries()) {
    const before = outputs.slice(0, index);
    const claims = output.type === 'write' ? claimsOf(output.bytes, inputOf(output.bytes)) : [];
    for (const { kind, isGround } of output.type === 'event' ? claimOf(output, before) : claims) {
      seen[kind] = (seen[kind] ?? 0) + 1;
      expect(isCommitted(before, isGround), `${kind} at output ${index}`).toBe(true);
    }
  }
  return seen;
}

function seqOf(before: readonly EngineOutput[], id: string): number {
  for (const output of before) {
    if (output.type !== 'commit') continue;
    for (const change of output.changes)
      if (change.type === 'outbox-put' && change.row.id === id) return change.row.seq;
  }
  throw new Error(`${id} was never queued`);
}

function claimsOf(bytes: Bytes, input: ConnectionInput | undefined): readonly Claim[] {
  if (bytes.length === PAKE2_FRAME) {
    const isGround = (change: Change) => change.type === 'guesses' && change.guesses.names.get('alice') === 1;
    return [{ kind: 'PAKE2', isGround }];
  }
  const isPinned = (change: Change) => change.type === 'trust';
  if (bytes.length === PAKE3_FRAME) return [{ kind: 'PAKE3', isGround: isPinned }];
  if (input?.type === 'ready') return [{ kind: 'READY', isGround: isPinned }];
  if (input?.type !== 'send') return [];
  const { ack, messages } = input;
  return [
    ...(ack ? [{ kind: 'ACK', isGround: (change: Change) => storedBy(change) >= ack.cumulative }] : []),
    ...messages.map(({ header: { seq } }) => ({
      kind: 'MSG',
      isGround: (change: Change) => change.type === 'outbox-sent' && change.seq >= seq,
    })),
  ];
}

/** Up to where the messages of a peer are stored with this change. */
function storedBy(change: Change): number {
  if (change.type === 'inbox-put') return change.row.seq;
  if (change.type === 'inbox-pass') return change.seq;
  return change.type === 'inbox-cursor' ? change.stored : -1;
}

function claimOf(
  { event }: EngineOutput & { readonly type: 'event' },
  before: readonly EngineOutput[],
): readonly Claim[] {
  if (event.type === 'message-received') {
    return [
      { kind: 'shown', isGround: (change) => change.type === 'inbox-put' && change.row.id === event.id },
    ];
  }
  if (event.type !== 'message-progress') return [];
  switch (event.progress.state) {
    case 'queued':
      return [
        { kind: 'queued', isGround: (change) => change.type === 'outbox-put' && change.row.id === event.id },
      ];
    case 'sent':
      return [
        {
          kind: 'sent',
          isGround: (change) => change.type === 'outbox-sent' && change.seq >= seqOf(before, event.id),
        },
      ];
    case 'delivered':
      return [
        {
          kind: 'delivered',
          isGround: (change) => change.type === 'outbox-settle' && change.seq >= seqOf(before, event.id),
        },
      ];
    default:
      return [];
  }
}

test('nothing is sent, acked or shown before what it stands on is committed (CRY-11, DLV-05)', () => {
  const world = new World({ seed: 21 });
  const inputOf = tapRecords();
  world.start(['alice', 'bob']);
  const [alice, bob] = [world.node('alice'), world.node('bob')];
  const [fromAlice, fromBob] = [recordOutputs(alice), recordOutputs(bob)];
  for (let i = 0; i < 5; i++) alice.send('bob', `text ${i}`);
  world.run(5_000);
  bob.send('alice', 'answer');
  world.run(300_000);
  const [ofAlice, ofBob] = [check(fromAlice, inputOf), check(fromBob, inputOf)];
  expect(ofAlice).toMatchObject({ PAKE3: 1, READY: 1, MSG: 5, ACK: 1, sent: 5, delivered: 5, shown: 1 });
  expect(ofBob).toMatchObject({ PAKE2: 1, READY: 1, MSG: 1, ACK: 1, shown: 5, sent: 1, delivered: 1 });
});
