import { expect, test } from 'vitest';
import type { Change, EngineOutput } from '../../src/engine/index.ts';
import { World, type SimulatedNode } from '../../src/testing/index.ts';

/** Frame header and tag: PAKE2 has 65 bytes, PAKE3 33, the smallest record 512. */
const PAKE2_FRAME = 2 + 65 + 16;
const PAKE3_FRAME = 2 + 33 + 16;
const READY_FRAME = 2 + 512 + 16;

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

function isCommitted(before: readonly EngineOutput[], isIt: (change: Change) => boolean): boolean {
  return before.some((output) => output.type === 'commit' && output.changes.some((change) => isIt(change)));
}

/** Fails when an event or a write came before what it stands on was committed. Returns how many there were of each kind. */
function check(outputs: readonly EngineOutput[]): Record<string, number> {
  const seen: Record<string, number> = {};
  for (const [index, output] of outputs.entries()) {
    const before = outputs.slice(0, index);
    const claim = claimOf(output, before);
    if (!claim) continue;
    seen[claim.kind] = (seen[claim.kind] ?? 0) + 1;
    expect(isCommitted(before, claim.isGround), `${claim.kind} at output ${index}`).toBe(true);
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

function claimOf(
  output: EngineOutput,
  before: readonly EngineOutput[],
): { readonly kind: string; readonly isGround: (change: Change) => boolean } | undefined {
  if (output.type === 'write' && output.bytes.length === PAKE2_FRAME) {
    return {
      kind: 'PAKE2',
      isGround: (change) => change.type === 'guesses' && change.guesses.names.get('alice') === 1,
    };
  }
  if (output.type === 'write' && output.bytes.length === PAKE3_FRAME) {
    return { kind: 'PAKE3', isGround: (change) => change.type === 'trust' };
  }
  if (output.type === 'write' && output.bytes.length === READY_FRAME) {
    return { kind: 'record', isGround: (change) => change.type === 'trust' };
  }
  if (output.type !== 'event') return undefined;
  const { event } = output;
  if (event.type === 'message-received') {
    return { kind: 'shown', isGround: (change) => change.type === 'inbox-put' && change.row.id === event.id };
  }
  if (event.type !== 'message-progress') return undefined;
  switch (event.progress.state) {
    case 'queued':
      return {
        kind: 'queued',
        isGround: (change) => change.type === 'outbox-put' && change.row.id === event.id,
      };
    case 'sent':
      return {
        kind: 'sent',
        isGround: (change) => change.type === 'outbox-sent' && change.seq >= seqOf(before, event.id),
      };
    case 'delivered':
      return {
        kind: 'delivered',
        isGround: (change) => change.type === 'outbox-settle' && change.seq >= seqOf(before, event.id),
      };
    default:
      return undefined;
  }
}

test('nothing is sent, acked or shown before what it stands on is committed (CRY-11, DLV-05)', () => {
  const world = new World({ seed: 21 });
  world.start(['alice', 'bob']);
  const [alice, bob] = [world.node('alice'), world.node('bob')];
  const [fromAlice, fromBob] = [recordOutputs(alice), recordOutputs(bob)];
  for (let i = 0; i < 5; i++) alice.send('bob', `text ${i}`);
  world.run(5_000);
  bob.send('alice', 'answer');
  world.run(300_000);
  expect(check(fromAlice)).toMatchObject({ PAKE3: 1, sent: 5, delivered: 5, shown: 1 });
  expect(check(fromBob)).toMatchObject({ PAKE2: 1, shown: 5, sent: 1, delivered: 1 });
});
