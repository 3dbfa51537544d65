import { compareBytes, concatBytes, encodeUtf8, failure, success, Writer } from '../base/index.ts';
import type { Bytes, Result } from '../base/index.ts';
import type { Primitives } from '../crypto/index.ts';

const DIGITS = 60;

export interface NamedKey {
  readonly name: string;
  /** Static X25519 public key, 32 bytes. */
  readonly key: Bytes;
}

/** 60 digits, the same on both sides (spec/08): SHA-256("sotto/1 fp" || P1 || P2) mod 10^60, P = lv(user, key) sorted. */
export function safetyNumber(primitives: Pick<Primitives, 'sha256'>, a: NamedKey, b: NamedKey): string {
  const parts = [a, b].map(({ name, key }) => new Writer().lv(encodeUtf8(name)).lv(key).finish());
  const hash = primitives.sha256(concatBytes(encodeUtf8('sotto/1 fp'), ...parts.sort(compareBytes)));
  let number = 0n;
  for (const byte of hash) number = number * 256n + BigInt(byte);
  return (number % 10n ** BigInt(DIGITS)).toString().padStart(DIGITS, '0');
}

/** 12 groups of 5 digits with a space between. */
export function formatSafetyNumber(digits: string): string {
  return digits.replaceAll(/.{5}(?=.)/g, '$& ');
}

/** The 60 digits of what a person typed or pasted; white space and hyphens do not count. Fails with fingerprint-mismatch. */
export function parseSafetyNumber(text: string): Result<string> {
  const digits = text.replaceAll(/[\s\p{Pd}]/gu, '');
  if (/^[0-9]{60}$/.test(digits)) return success(digits);
  return failure(
    'fingerprint-mismatch',
    'a safety number has 60 digits, in 12 groups of 5',
    'Copy the whole number; spaces and hyphens do not matter.',
  );
}
