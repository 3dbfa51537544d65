import { expect, test } from 'vitest';
import { decodeHex, encodeHex, encodeUtf8 } from '../base/index.ts';
import { nativePrimitives } from '../primitives/index.ts';
import { hkdfExpand, hkdfExtract } from './hkdf.ts';

/** RFC 5869, appendix A.1 to A.3. */
const VECTORS = [
  {
    ikm: '0b'.repeat(22),
    salt: '000102030405060708090a0b0c',
    info: 'f0f1f2f3f4f5f6f7f8f9',
    prk: '077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5',
    okm: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  },
  {
    ikm: range(0x00, 0x4f),
    salt: range(0x60, 0xaf),
    info: range(0xb0, 0xff),
    prk: '06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244',
    okm: 'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
  },
  {
    ikm: '0b'.repeat(22),
    salt: '',
    info: '',
    prk: '19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04',
    okm: '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
  },
];

test('HKDF with SHA-256 gives the three vectors of RFC 5869 (CRY-01)', () => {
  for (const { ikm, salt, info, prk, okm } of VECTORS) {
    const extracted = hkdfExtract(nativePrimitives, decodeHex(salt)!, decodeHex(ikm)!);
    expect(encodeHex(extracted)).toBe(prk);
    const expanded = hkdfExpand(nativePrimitives, extracted, decodeHex(info)!, okm.length / 2);
    expect(encodeHex(expanded)).toBe(okm);
  }
});

test('a label is its UTF-8, and key material may come in parts', () => {
  const prk = hkdfExtract(nativePrimitives, encodeUtf8('salt'), encodeUtf8('a'), encodeUtf8('b'));
  expect(prk).toEqual(hkdfExtract(nativePrimitives, encodeUtf8('salt'), encodeUtf8('ab')));
  const byLabel = hkdfExpand(nativePrimitives, prk, 'session', 32);
  expect(byLabel).toEqual(hkdfExpand(nativePrimitives, prk, encodeUtf8('session'), 32));
});

test('an impossible length is our own bug', () => {
  expect(() => hkdfExpand(nativePrimitives, new Uint8Array(32), '', 0)).toThrow(RangeError);
  expect(() => hkdfExpand(nativePrimitives, new Uint8Array(32), '', 8161)).toThrow(RangeError);
});

function range(first: number, last: number): string {
  return encodeHex(Uint8Array.from({ length: last - first + 1 }, (_, index) => first + index));
}
