import type { Bytes } from '../../base/index.ts';

const P = 2n ** 255n - 19n;
const A = 486662n;

/**
 * Elligator 2 for Curve25519 with the non-square 2 (RFC 9380 §6.7.1, flavour of CPace): 32 bytes to a u-coordinate. The top
 * bit of `bytes` is ignored. BigInt arithmetic is not constant-time: what it may leak is a hash of a password salted by
 * the handshake hash of one connection, to someone who can time this machine to the microsecond.
 */
export function elligator2(bytes: Bytes): Bytes {
  const r = modulo(decodeLittleEndian(bytes) & (2n ** 255n - 1n));
  // 1 + 2r² is never 0: −1/2 is not a square modulo P.
  const v = modulo(-A * inverse(modulo(1n + 2n * r * r)));
  const isOnCurve = isSquare(modulo(v * (v * v + A * v + 1n)));
  return encodeLittleEndian(isOnCurve ? v : modulo(-v - A));
}

function modulo(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

/** x^(P − 2), and P − 2 = (2^250 − 1)·2^5 + 11. */
function inverse(x: bigint): bigint {
  return modulo(squared(onesPower(x, 250), 5) * modulo(x ** 11n));
}

/** Euler's criterion: x^((P − 1) / 2) is not −1, and (P − 1) / 2 = (2^250 − 1)·2^4 + 6. Zero counts as a square. */
function isSquare(x: bigint): boolean {
  return modulo(squared(onesPower(x, 250), 4) * modulo(x ** 6n)) !== P - 1n;
}

/** x^(2^bits − 1). Half the multiplications of square-and-multiply, in an order that does not depend on x. */
function onesPower(x: bigint, bits: number): bigint {
  if (bits === 1) return x;
  if (bits % 2 === 1) return modulo(squared(onesPower(x, bits - 1), 1) * x);
  const half = onesPower(x, bits / 2);
  return modulo(squared(half, bits / 2) * half);
}

function squared(x: bigint, times: number): bigint {
  let result = x;
  for (let i = 0; i < times; i++) result = (result * result) % P;
  return result;
}

function decodeLittleEndian(bytes: Bytes): bigint {
  let value = 0n;
  for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte);
  return value;
}

function encodeLittleEndian(value: bigint): Bytes {
  const bytes = new Uint8Array(32);
  for (let i = 0, rest = value; i < 32; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}
