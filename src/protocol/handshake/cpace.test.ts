import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { describe, expect, test } from 'vitest';
import { decodeHex, encodeHex, type Bytes } from '../../base/index.ts';
import { nativePrimitives } from '../../primitives/index.ts';
import { seededBytes } from '../../testing/index.ts';
import { calculateGenerator, calculateIsk, calculateShare, lvCat, transcriptIr } from './cpace.ts';
import { sharedSecret } from './curve.ts';
import { elligator2 } from './elligator2.ts';

/** draft-irtf-cfrg-cpace-21, appendix B.1: CPace with X25519 and SHA-512 (figures of the draft). */
const VECTOR = {
  PRS: '50617373776f7264',
  CI: '0b415f696e69746961746f720b425f726573706f6e646572',
  sid: '7e4b4791d6a8ef019b936c79fb7f2c57',
  g: 'd04bf6d41f6a289632a2e929fa29bebd51092512a7829fdde7d314b62f05a73f',
  ya: '21b4f4bd9e64ed355c3eb676a28ebedaf6d8f17bdc365995b319097153044080',
  ADa: '414461',
  Ya: '1d13c89278cdadd826f6d8d7f887701430f8380ddc17611cdd6dc989ce0c9f32',
  yb: '848b0779ff415f0af4ea14df9dd1d3c29ac41d836c7808896c4eba19c51ac40a',
  ADb: '414462',
  Yb: '248cccf6d5cdc3646f0ad593f9e6cef4e69d4945f8372e623512ecea32185623',
  ISK_IR:
    '6e19b875f7a561d6b3ca3dbb9ef42ac55de3e717881018204b8922b4d5e53bb2aa82c300bea7b65d2b671da71922ddf6472301b79bc270adfa8bf413285f2263',
};

/** The same appendix: shares that must be refused. */
const INVALID = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'daffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'dbffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'd9ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'cdeb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b880',
  '4c9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f11d7',
];

const hex = (text: string): Bytes => decodeHex(text)!;
const sid = hex(VECTOR.sid);

describe('CPace-X25519-SHA512 (CRY-01)', () => {
  const generator = calculateGenerator(nativePrimitives, { prs: hex(VECTOR.PRS), ci: hex(VECTOR.CI), sid });

  test('the draft’s generator and shares', () => {
    expect(encodeHex(generator)).toBe(VECTOR.g);
    expect(encodeHex(calculateShare(nativePrimitives, hex(VECTOR.ya), generator))).toBe(VECTOR.Ya);
    expect(encodeHex(calculateShare(nativePrimitives, hex(VECTOR.yb), generator))).toBe(VECTOR.Yb);
  });

  test('both sides come to the draft’s ISK', () => {
    const transcript = transcriptIr(hex(VECTOR.Ya), hex(VECTOR.ADa), hex(VECTOR.Yb), hex(VECTOR.ADb));
    const a = { scalar: hex(VECTOR.ya), remoteShare: hex(VECTOR.Yb), sid, transcript };
    const b = { scalar: hex(VECTOR.yb), remoteShare: hex(VECTOR.Ya), sid, transcript };
    expect(encodeHex(calculateIsk(nativePrimitives, a)!)).toBe(VECTOR.ISK_IR);
    expect(encodeHex(calculateIsk(nativePrimitives, b)!)).toBe(VECTOR.ISK_IR);
  });

  test(`all ${INVALID.length} invalid shares of the draft are refused (CRY-02)`, () => {
    const transcript = new Uint8Array(0);
    for (const share of INVALID) {
      const step = { scalar: hex(VECTOR.ya), remoteShare: hex(share), sid, transcript };
      expect(calculateIsk(nativePrimitives, step)).toBeUndefined();
    }
  });

  test('the published file and the figures above are the same', () => {
    const path = join(import.meta.dirname, '../../../../shared/vectors/cpace-draft21-testvectors.json');
    const published = existsSync(path) ? readPublished(path) : undefined;
    console.log(
      published === undefined ? 'CPace: the file is not there' : 'CPace: 1 vector, 12 invalid points ran',
    );
    const { X25519_points: points, G_25519: vector } = published ?? {
      X25519_points: INVALID,
      G_25519: VECTOR,
    };
    expect(Object.values(points).map((point) => point.toLowerCase())).toEqual(INVALID);
    expect(
      Object.fromEntries(
        Object.keys(VECTOR).map((key) => [key, vector[key as keyof typeof VECTOR].toLowerCase()]),
      ),
    ).toEqual(VECTOR);
  });

  test('a length above 127 takes two bytes of LEB128', () => {
    expect([...lvCat(new Uint8Array(300)).subarray(0, 2)]).toEqual([0xac, 0x02]);
    expect([...lvCat(new Uint8Array(127)).subarray(0, 1)]).toEqual([127]);
  });

  test('generators of many passwords are on the curve or its twist, and no two are equal', () => {
    const draw = seededBytes(7);
    const generators = Array.from({ length: 50 }, () =>
      calculateGenerator(nativePrimitives, { prs: draw(32), ci: draw(10), sid: draw(32) }),
    );
    expect(new Set(generators.map(encodeHex)).size).toBe(50);
    const scalar = draw(32);
    for (const g of generators) {
      expect(encodeHex(nativePrimitives.x25519(scalar, g)!)).toBe(
        encodeHex(x25519.getSharedSecret(scalar, g)),
      );
    }
  });
});

describe('keys of a peer (CRY-02)', () => {
  test('the largest canonical key is taken, the next one and every one with the top bit are refused', () => {
    const scalar = seededBytes(8)(32);
    expect(sharedSecret(nativePrimitives, scalar, hex(`eb${'ff'.repeat(30)}7f`))).toBeDefined();
    expect(sharedSecret(nativePrimitives, scalar, hex(`ed${'ff'.repeat(30)}7f`))).toBeUndefined();
    expect(sharedSecret(nativePrimitives, scalar, hex(`f6${'ff'.repeat(30)}7f`))).toBeUndefined();
    expect(sharedSecret(nativePrimitives, scalar, hex(`09${'00'.repeat(30)}80`))).toBeUndefined();
    expect(sharedSecret(nativePrimitives, scalar, hex(`09${'00'.repeat(31)}`))).toBeDefined();
  });
});

function readPublished(path: string): {
  readonly G_25519: typeof VECTOR;
  readonly X25519_points: Readonly<Record<string, string>>;
} {
  return JSON.parse(readFileSync(path, 'utf8')) as ReturnType<typeof readPublished>;
}

describe('Elligator 2', () => {
  test('agrees with a second implementation on the map of RFC 9380, up to the ignored top bit', () => {
    const draw = seededBytes(9);
    for (const bytes of [
      new Uint8Array(32),
      new Uint8Array(32).fill(0xff),
      ...Array.from({ length: 50 }, () => draw(32)),
    ]) {
      const masked = bytes.slice();
      masked[31] = masked[31]! & 0x7f;
      expect(encodeHex(elligator2(bytes))).toBe(encodeHex(elligator2(masked)));
      expect(encodeHex(elligator2(bytes))).toBe(slowElligator2(masked));
    }
  });
});

/** The definition, step by step: v = −A / (1 + 2r²), then v or −v − A, whichever has a point on the curve. */
function slowElligator2(bytes: Bytes): string {
  const field = ed25519.Point.Fp;
  const a = 486662n;
  const r = field.create(BigInt(`0x${encodeHex(bytes.toReversed())}`));
  const v = field.div(field.neg(a), field.add(1n, field.mul(2n, field.sqr(r))));
  const y2 = field.add(field.add(field.mul(field.sqr(v), v), field.mul(a, field.sqr(v))), v);
  const x = field.eql(field.pow(y2, (field.ORDER - 1n) / 2n), field.neg(1n)) ? field.sub(field.neg(v), a) : v;
  return encodeHex(field.toBytes(x));
}
