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
  const v = modulo(-A * power(1n + 2n * r * r, P - 2n));
  const isOnCurve = power(v * (v * v + A * v + 1n), (P - 1n) / 2n) !== P - 1n;
  return encodeLittleEndian(isOnCurve ? v : modulo(-v - A));
}

function modulo(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = modulo(base);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = modulo(result * square);
    square = modulo(square * square);
  }
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
