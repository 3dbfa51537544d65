import type { Change, EngineOutput } from '../engine/index.ts';

/** Events that wait for the disk, at most: of more the oldest are forgotten. */
const EVENTS_MAX = 1_000;

/**
 * What waits while the disk refuses: the changes, and the events that tell of them. Only the last state of a record, of the
 * ledger or of a message's progress is kept, so that neither a stranger who guesses nor a dial that is repeated each
 * second can fill the memory.
 */
export function heldOutputs(outputs: readonly EngineOutput[]): EngineOutput[] {
  const changes = new Map<unknown, Change>();
  const events = new Map<unknown, EngineOutput>();
  for (const output of outputs) {
    if (output.type === 'commit')
      for (const change of output.changes) putLast(changes, keyOf(change), change);
    if (output.type === 'event') {
      const { event } = output;
      putLast(events, event.type === 'message-progress' ? event.id : output, output);
    }
  }
  return [
    ...(changes.size > 0 ? [{ type: 'commit', changes: [...changes.values()] } as const] : []),
    ...[...events.values()].slice(-EVENTS_MAX),
  ];
}

/** At the end, where its successors expect it. */
function putLast<Value>(into: Map<unknown, Value>, key: unknown, value: Value): void {
  into.delete(key);
  into.set(key, value);
}

function keyOf(change: Change): unknown {
  if (change.type === 'trust') return `trust ${change.record.username}`;
  return change.type === 'guesses' ? 'guesses' : change;
}
