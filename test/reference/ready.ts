import { type Bytes, concat, cut, readInteger, u32, u64, u8 } from './bytes.ts';
import { readU64 } from './numbers.ts';
import { demand } from './refused.ts';

/** spec/03 "READY"; epochs and ids are 16 bytes. */
export interface Ready {
  readonly status: number;
  readonly clock: bigint;
  readonly version: number;
  readonly caps: number;
  readonly myEpoch: Bytes;
  readonly yourEpoch: Bytes;
  readonly stored: bigint;
  readonly storedId: Bytes;
  readonly first: bigint;
  readonly last: bigint;
}

export const writeReady = (ready: Ready): Bytes =>
  concat(
    u8(ready.status),
    u64(ready.clock),
    u8(ready.version),
    u32(ready.caps),
    ready.myEpoch,
    ready.yourEpoch,
    u64(ready.stored),
    ready.storedId,
    u64(ready.first),
    u64(ready.last),
  );

export function readReady(body: Bytes): Ready {
  const [status, clock, version, caps, myEpoch, yourEpoch, stored, storedId, first, last] = cut(
    body,
    1,
    8,
    1,
    4,
    16,
    16,
    8,
    16,
    8,
    8,
  ) as [Bytes, Bytes, Bytes, Bytes, Bytes, Bytes, Bytes, Bytes, Bytes, Bytes];
  const ready = {
    status: Number(readInteger(status)),
    clock: readU64(clock),
    version: Number(readInteger(version)),
    caps: Number(readInteger(caps)),
    myEpoch,
    yourEpoch,
    stored: readU64(stored),
    storedId,
    first: readU64(first),
    last: readU64(last),
  };
  demand(ready.status <= 2, 'item-body');
  demand(ready.version >= 1, 'item-body');
  return ready;
}
