import { failure, Reader, success, Writer, type Bytes, type Result } from '../../base/index.ts';

/** The first item of each direction (spec/03 "READY"): who I am on the disk, and what I hold of yours. */
/** READY.capabilities: the sender's epoch lasts one start of its program, so that a new one is no news (spec/03). */
export const VOLATILE_EPOCH = 0x0000_0001;

/** What each side says first of itself (spec/03 "READY"). */
export interface Ready {
  readonly status: 'ok' | 'key-pending' | 'refused';
  /** The sender's UTC clock, ms since 1970. */
  readonly clock: number;
  /** The highest protocol version its sender speaks, 1 or more. */
  readonly maxVersion: number;
  /** 32 bits, none of which has a meaning in version 1. */
  readonly capabilities: number;
  /** 16 bytes. */
  readonly epoch: Bytes;
  /** 16 bytes: the receiver's epoch as the sender knows it; zeros when it knows none. */
  readonly peerEpoch: Bytes;
  /** The receiver's highest contiguous seq that the sender holds; 0 when none. */
  readonly stored: number;
  /** 16 bytes: the id of that message; zeros when none. */
  readonly storedId: Bytes;
  /** The lowest seq the sender can still send. */
  readonly first: number;
  /** The highest seq the sender assigned. */
  readonly last: number;
}

/** Of its body, bytes. */
export const READY_LENGTH = 86;

const STATUSES = ['ok', 'key-pending', 'refused'] as const;
const ID_LENGTH = 16;

/** The body of a READY item. */
export function encodeReady(ready: Ready): Bytes {
  const body = new Writer()
    .u8(STATUSES.indexOf(ready.status))
    .u64(ready.clock)
    .u8(ready.maxVersion)
    .u32(ready.capabilities)
    .bytes(ready.epoch)
    .bytes(ready.peerEpoch)
    .u64(ready.stored)
    .bytes(ready.storedId)
    .u64(ready.first)
    .u64(ready.last)
    .finish();
  if (body.length !== READY_LENGTH) throw new RangeError('an epoch or id of READY does not have 16 bytes');
  return body;
}

/** Fails with item-body. */
export function decodeReady(body: Bytes): Result<Ready> {
  const reader = new Reader(body);
  const status = STATUSES[reader.u8()];
  const ready = {
    clock: reader.u64(),
    maxVersion: reader.u8(),
    capabilities: reader.u32(),
    epoch: copyOf(reader.bytes(ID_LENGTH)),
    peerEpoch: copyOf(reader.bytes(ID_LENGTH)),
    stored: reader.u64(),
    storedId: copyOf(reader.bytes(ID_LENGTH)),
    first: reader.u64(),
    last: reader.u64(),
  };
  if (status === undefined || ready.maxVersion === 0 || !reader.done)
    return failure('item-body', 'READY is malformed');
  return success({ status, ...ready });
}

/** Epochs and ids outlive the record; `slice` would not copy a host's own kind of byte array. */
function copyOf(bytes: Bytes): Bytes {
  return new Uint8Array(bytes);
}
