import { argon2Sync, createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { CodedError, concatBytes, decodeUtf8, encodeUtf8, wipe, type Bytes } from '../base/index.ts';

/** A key of 32 bytes under a passphrase, as it lies in a file's JSON. */
export interface WrappedKey {
  readonly kdf: {
    readonly name: 'argon2id';
    /** KiB. */
    readonly memory: number;
    readonly passes: number;
    readonly lanes: number;
    readonly salt: string;
  };
  readonly cipher: 'chacha20-poly1305';
  readonly wrapped: string;
}

const KEY_LENGTH = 32;
const TAG_LENGTH = 16;
const SALT_LENGTH = 16;
/** Each salt gives a key of its own, and that key seals once. */
const NONCE = new Uint8Array(12);

/** RFC 9106, section 4: the second recommended option. About 150 ms. */
const COST = { memory: 65_536, passes: 3, lanes: 4 } as const;

/** Canonical base64 of so many bytes: another text for the same bytes is not taken. */
export function base64Of(length: number): v.GenericSchema<string> {
  return v.pipe(
    v.string(),
    v.check((text) => {
      const bytes = Buffer.from(text, 'base64');
      return bytes.length === length && bytes.toString('base64') === text;
    }),
  );
}

const between = (min: number, max: number): v.GenericSchema<number> =>
  v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));

/** The bounds keep a file from asking for a terabyte, or for next to nothing. */
export const wrappedFields: {
  readonly [Field in keyof WrappedKey]: v.GenericSchema<WrappedKey[Field]>;
} = {
  kdf: v.strictObject({
    name: v.literal('argon2id'),
    memory: between(COST.memory, 1_048_576),
    passes: between(1, 16),
    lanes: between(1, 16),
    salt: base64Of(SALT_LENGTH),
  }),
  cipher: v.literal('chacha20-poly1305'),
  wrapped: base64Of(KEY_LENGTH + TAG_LENGTH),
};

/** `bound` is authenticated with the key: what opens it must be given the same again. Throws usage for an impossible passphrase. */
export function wrapKey(key: Bytes, passphrase: Bytes, bound: Bytes): WrappedKey {
  const kdf = { name: 'argon2id', ...COST, salt: randomBytes(SALT_LENGTH).toString('base64') } as const;
  const wrapping = deriveKey(passphrase, kdf);
  try {
    const cipher = createCipheriv('chacha20-poly1305', wrapping, NONCE, { authTagLength: TAG_LENGTH });
    cipher.setAAD(boundWith(kdf, bound), { plaintextLength: KEY_LENGTH });
    const sealed = concatBytes(cipher.update(key), cipher.final(), cipher.getAuthTag());
    return { kdf, cipher: 'chacha20-poly1305', wrapped: Buffer.from(sealed).toString('base64') };
  } finally {
    wipe(wrapping);
  }
}

/** Undefined when the passphrase is another one, or `bound`. The caller overwrites the key. */
export function unwrapKey({ kdf, wrapped }: WrappedKey, passphrase: Bytes, bound: Bytes): Bytes | undefined {
  const sealed = Buffer.from(wrapped, 'base64');
  const wrapping = deriveKey(passphrase, kdf);
  try {
    const cipher = createDecipheriv('chacha20-poly1305', wrapping, NONCE, { authTagLength: TAG_LENGTH });
    cipher.setAAD(boundWith(kdf, bound), { plaintextLength: KEY_LENGTH });
    cipher.setAuthTag(sealed.subarray(KEY_LENGTH));
    const key = cipher.update(sealed.subarray(0, KEY_LENGTH));
    try {
      cipher.final();
      return key;
    } catch {
      wipe(key);
      return undefined;
    }
  } finally {
    wipe(wrapping);
  }
}

function boundWith(kdf: WrappedKey['kdf'], bound: Bytes): Bytes {
  return concatBytes(encodeUtf8(JSON.stringify(kdf)), bound);
}

function deriveKey(passphrase: Bytes, { memory, passes, lanes, salt }: WrappedKey['kdf']): Bytes {
  const message = normalized(passphrase);
  try {
    return argon2Sync('argon2id', {
      message,
      nonce: Buffer.from(salt, 'base64'),
      memory,
      passes,
      parallelism: lanes,
      tagLength: KEY_LENGTH,
    });
  } finally {
    wipe(message);
  }
}

const PASSPHRASE_BYTES_MAX = 1_024;

/** The same letters give the same bytes, however a keyboard composes them. Always a copy. */
function normalized(passphrase: Bytes): Bytes {
  if (passphrase.length === 0) throw impossible('it is empty');
  if (passphrase.length > PASSPHRASE_BYTES_MAX) throw impossible('it has more than 1 KiB');
  // A string cannot be overwritten: none is made of a passphrase that needs none.
  if (passphrase.every((byte) => byte < 0x80)) return new Uint8Array(passphrase);
  const text = decodeUtf8(passphrase);
  if (text === undefined) throw impossible('it is not UTF-8');
  return encodeUtf8(text.normalize('NFC'));
}

function impossible(why: string): CodedError {
  return new CodedError({ code: 'usage', message: `that is no passphrase: ${why}` });
}
