import type { Bytes } from '../../base/index.ts';
import { idToBytes } from '../../protocol/envelope/index.ts';

// Ids as the database keeps them, by the host's own codec: at each message that comes or goes, the portable one takes as long as the
// row itself.

const ID_LENGTH = 16;

/** Another text than an id is our own bug and throws. */
export function blobOfId(id: string): Bytes {
  const bytes = Buffer.from(id.replaceAll('-', ''), 'hex');
  return bytes.length === ID_LENGTH && id.length === 36 ? bytes : idToBytes(id);
}

export function idOfBlob(blob: Bytes): string {
  const hex = Buffer.from(blob.buffer, blob.byteOffset, ID_LENGTH).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
