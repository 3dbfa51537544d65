import type { Bytes } from '../../base/index.ts';
import type { EnvelopeSealer } from '../envelope/index.ts';
import type { OutgoingMessage } from './connection-types.ts';
import { itemLength, type Ack, type Item } from './item.ts';
import { RECORD_ITEMS_MAX } from './record.ts';

/**
 * An ack and messages in as few records as fit. Envelopes are sealed when they are packed, and never sent again as bytes:
 * their place in the keystream is their own.
 */
export function packRecords(
  sealer: EnvelopeSealer,
  ack: Ack | undefined,
  messages: readonly OutgoingMessage[],
  onEnvelope: ((envelope: Bytes) => void) | undefined,
): readonly (readonly Item[])[] {
  const first: Item[] = ack ? [{ type: 'ack', ack }] : [];
  const records = [first];
  let items = first;
  let length = first.reduce((sum, item) => sum + itemLength(item), 0);
  for (const sealed of sealer.sealAll(messages)) {
    onEnvelope?.(sealed.envelope);
    const item: Item = { type: 'message', ...sealed };
    if (length + itemLength(item) > RECORD_ITEMS_MAX) {
      records.push((items = []));
      length = 0;
    }
    items.push(item);
    length += itemLength(item);
  }
  return records.filter((record) => record.length > 0);
}
