import { failure, success, type Bytes, type Result } from '../base/index.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const KEY_BYTES = 32;

/** A static key of 32 bytes in its one base64 form (RFC 4648 §4): 43 characters and `=`. Fails with directory-invalid. */
export function parseKeyText(text: string): Result<Bytes> {
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text)) return notAKey();
  const bytes = new Uint8Array(KEY_BYTES);
  let [bits, held, offset] = [0, 0, 0];
  for (const char of text.slice(0, 43)) {
    bits = ((bits << 6) | ALPHABET.indexOf(char)) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[offset++] = (bits >> held) & 255;
    }
  }
  // 43 characters hold 258 bits: the last two are zero in the canonical form.
  return (bits & 3) === 0 ? success(bytes) : notAKey();
}

function notAKey(): Result<never> {
  return failure(
    'directory-invalid',
    'a key is the base64 of 32 bytes: 43 characters and one =',
    'The person’s own “sotto identity” prints it.',
  );
}
