import type { MessageContent } from '../../src/protocol/delivery/index.ts';
import type { SimulatedNode } from '../../src/testing/index.ts';

/** What a history would give to be sent once more. */
export function deliveredBy({ disk }: SimulatedNode, to: string): readonly MessageContent[] {
  const delivered = new Set(
    disk.store.sent(to).flatMap(({ id, state }) => (state === 'delivered' ? [id] : [])),
  );
  const contents = new Map<string, MessageContent>();
  for (const change of disk.changes) {
    if (change.type !== 'outbox-put' || change.peer !== to || !delivered.has(change.row.id)) continue;
    const { id, type, plaintext, timestamp } = change.row;
    contents.set(id, { id, type, plaintext, timestamp });
  }
  return [...contents.values()];
}
