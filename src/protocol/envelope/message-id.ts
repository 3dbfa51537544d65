import {
  decodeHex,
  encodeHex,
  failure,
  success,
  type Brand,
  type Bytes,
  type Result,
} from '../../base/index.ts';

/** A message's name for life: 128 bits as a lower-case UUID (RFC 9562 §4; new ones are UUIDv7, any version is taken). */
export type MessageId = Brand<string, 'MessageId'>;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ID_LENGTH = 16;

export function isMessageId(text: string): boolean {
  return UUID.test(text);
}

/** Fails with `envelope-range`. */
export function parseMessageId(text: string): Result<MessageId> {
  return isMessageId(text)
    ? success(text as MessageId)
    : failure('envelope-range', 'an id is not a lower-case UUID');
}

/** The 16 bytes of an id. Another text is our own bug and throws. */
export function idToBytes(id: string): Bytes {
  const bytes = isMessageId(id) ? decodeHex(id.replaceAll('-', '')) : undefined;
  if (bytes === undefined) throw new RangeError('an id is not a lower-case UUID');
  return bytes;
}

/** The id of 16 bytes. Another length is our own bug and throws. */
export function idFromBytes(bytes: Bytes): MessageId {
  if (bytes.length !== ID_LENGTH) throw new RangeError(`an id has ${ID_LENGTH} bytes`);
  return encodeHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') as MessageId;
}
