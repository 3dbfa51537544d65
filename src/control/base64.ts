import type { Bytes } from '../base/index.ts';

export function encodeBase64(bytes: Bytes): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

/** Of its own memory, so that it can be overwritten. */
export function decodeBase64(text: string): Bytes {
  const shared = Buffer.from(text, 'base64');
  const own = new Uint8Array(shared);
  shared.fill(0);
  return own;
}
