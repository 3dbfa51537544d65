import { type Bytes, concat, littleEndian, integer, lvCat, utf8, zeros } from './bytes.ts';
import { sha512 } from './hash.ts';

/** spec/02 §4.1, the generator: draft-irtf-cfrg-cpace-21, CPace-X25519-SHA512. */
export function generator(prs: Bytes, ci: Bytes, sid: Bytes): Bytes {
  const dsi = utf8('CPace255');
  const pad = Math.max(0, 127 - lvCat(prs).length - lvCat(dsi).length);
  const hash = sha512(lvCat(dsi, prs, zeros(pad), ci, sid));
  return elligator2(hash.slice(0, 32));
}

export const intermediateKey = (sid: Bytes, k: Bytes, transcript: Bytes): Bytes =>
  sha512(concat(lvCat(utf8('CPace255_ISK'), sid, k), transcript));

const P = 2n ** 255n - 19n;
const J = 486_662n;
const Z = 2n;

/** RFC 9380 §6.7.1 for curve25519, the u-coordinate only. */
export function elligator2(bytes: Bytes): Bytes {
  const u = littleEndian(bytes) % 2n ** 255n;
  const denominator = modulo(1n + Z * u * u);
  const x1 = denominator === 0n ? modulo(-J) : modulo(-J * inverse(denominator));
  const x = isSquare(x1 ** 3n + J * x1 ** 2n + x1) ? x1 : modulo(-x1 - J);
  return integer(x, 32).reverse();
}

const isSquare = (value: bigint): boolean => power(modulo(value), (P - 1n) / 2n) <= 1n;

const inverse = (value: bigint): bigint => power(value, P - 2n);

const modulo = (value: bigint): bigint => ((value % P) + P) % P;

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = modulo(result * result);
    if (bit === '1') result = modulo(result * base);
  }
  return result;
}
