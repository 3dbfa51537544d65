import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { concatBytes, decodeUtf8, encodeUtf8, type Bytes } from '../base/index.ts';
import { NO_GUESSES } from '../directory/index.ts';
import { writeFileAtomic } from './atomic-write.ts';
import { toCodedError } from './database-error.ts';
import { decodeHomeFile, encodeHomeFile, type HomeContent } from './home-file.ts';

// What a person cannot get back from anybody when the database is damaged, in a file of its own: identity, pins and psks.
// Sealed with ChaCha20-Poly1305 under a key that is derived from the database's: nonce, ciphertext, tag. That it opens also
// proves that the key is the right one (STO-07).

export interface RecoveryContent extends Omit<HomeContent, 'guesses'> {
  /** Whose messages are whose in the database, should its own list be lost. */
  readonly peers: ReadonlyMap<number, string>;
  /** How often trust had changed: a database that counts less has lost the end of its log. */
  readonly generation: number;
}

export const RECOVERY_FILE = 'recovery';
const INFO = 'sotto recovery file 1';
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;

/** missing · unreadable: damaged, or of another key */
export function readRecovery(folder: string, key: Bytes): RecoveryContent | 'missing' | 'unreadable' {
  let sealed: Bytes;
  try {
    sealed = new Uint8Array(readFileSync(join(folder, RECOVERY_FILE)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'missing';
    throw toCodedError(join(folder, RECOVERY_FILE), error);
  }
  const plain = unseal(sealed, key);
  return (plain && decode(plain)) ?? 'unreadable';
}

/** Throws disk-full or home-unusable; the former file stays then. */
export function writeRecovery(folder: string, key: Bytes, content: RecoveryContent): void {
  const plain = encodeUtf8(encode(content));
  const nonce = randomBytes(NONCE_LENGTH);
  const cipher = createCipheriv('chacha20-poly1305', derive(key), nonce, { authTagLength: TAG_LENGTH });
  const sealed = concatBytes(nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag());
  try {
    writeFileAtomic(join(folder, RECOVERY_FILE), sealed);
  } catch (error) {
    throw toCodedError(join(folder, RECOVERY_FILE), error);
  }
}

/** Equal as long as nothing has changed that would be needed: when somebody was last seen is not. */
export function recoveryMark(content: RecoveryContent): string {
  const records = content.records.map((record) =>
    record.pin ? { ...record, pin: { ...record.pin, lastSeenWall: 0 } } : record,
  );
  return encode({ ...content, records, generation: 0 });
}

/** The file that homes were before there was a database, and a line before it. */
function encode({ peers, generation, ...content }: RecoveryContent): string {
  const line = JSON.stringify({ generation, peers: [...peers] });
  return `${line}\n${encodeHomeFile({ ...content, guesses: NO_GUESSES })}`;
}

function decode(plain: Bytes): RecoveryContent | undefined {
  const end = plain.indexOf(0x0a);
  const content = decodeHomeFile(plain.subarray(end + 1));
  if (!content.ok) return undefined;
  const { generation, peers } = JSON.parse(decodeUtf8(plain.subarray(0, end)) ?? '{}') as {
    readonly generation: number;
    readonly peers: readonly (readonly [number, string])[];
  };
  return { ...content.value, peers: new Map(peers), generation };
}

function unseal(sealed: Bytes, key: Bytes): Bytes | undefined {
  if (sealed.length < NONCE_LENGTH + TAG_LENGTH) return undefined;
  const nonce = sealed.subarray(0, NONCE_LENGTH);
  const cipher = createDecipheriv('chacha20-poly1305', derive(key), nonce, { authTagLength: TAG_LENGTH });
  cipher.setAuthTag(sealed.subarray(-TAG_LENGTH));
  try {
    return concatBytes(cipher.update(sealed.subarray(NONCE_LENGTH, -TAG_LENGTH)), cipher.final());
  } catch {
    return undefined;
  }
}

function derive(key: Bytes): Bytes {
  return new Uint8Array(hkdfSync('sha256', key, new Uint8Array(0), INFO, 32));
}
