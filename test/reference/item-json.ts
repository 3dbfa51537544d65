import { hex } from './bytes.ts';
import type { Item } from './items.ts';

/** An item as vectors show it: the names of spec/03, bytes in hex. Numbers of vectors are small enough for JSON. */
export function itemAsJson(item: Item): Readonly<Record<string, unknown>> {
  switch (item.type) {
    case 'READY': {
      const { ready } = item;
      return {
        type: 'READY',
        status: ready.status,
        clock: Number(ready.clock),
        version: ready.version,
        caps: ready.caps,
        my_epoch: hex(ready.myEpoch),
        your_epoch: hex(ready.yourEpoch),
        stored: Number(ready.stored),
        stored_id: hex(ready.storedId),
        first: Number(ready.first),
        last: Number(ready.last),
      };
    }
    case 'MSG':
      return { type: 'MSG', seq: Number(item.seq), envelope: hex(item.envelope) };
    case 'ACK': {
      const exceptions = item.exceptions.map(({ seq, status }) => ({ seq: Number(seq), status }));
      return { type: 'ACK', cumulative: Number(item.cumulative), exceptions };
    }
    case 'PING':
    case 'PONG':
      return { type: item.type, bytes: hex(item.bytes) };
    case 'REKEY1':
    case 'REKEY2':
      return { type: item.type, message: hex(item.message) };
    case 'KEYSWITCH':
      return { type: 'KEYSWITCH' };
    case 'CLOSE':
      return { type: 'CLOSE', code: item.code, last_seq: Number(item.lastSeq) };
  }
}
