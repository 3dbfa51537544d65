import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatSafetyNumber, parseSafetyNumber, safetyNumber } from './index.ts';

const primitives = {
  sha256: (...parts: readonly Uint8Array[]) =>
    new Uint8Array(parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()),
};
const ann = { name: 'ann', key: new Uint8Array(32).fill(1) };
const bob = { name: 'bob', key: new Uint8Array(32).fill(2) };

test('both sides see the same 60 digits, computed as the specification says', () => {
  const lv = (bytes: Buffer) => Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
  const part = ({ name, key }: typeof ann) => Buffer.concat([lv(Buffer.from(name)), lv(Buffer.from(key))]);
  const hash = createHash('sha256').update('sotto/1 fp').update(part(ann)).update(part(bob)).digest('hex');
  const expected = (BigInt(`0x${hash}`) % 10n ** 60n).toString().padStart(60, '0');
  expect(safetyNumber(primitives, ann, bob)).toBe(expected);
  expect(safetyNumber(primitives, bob, ann)).toBe(expected);
});

test('another name or another key gives another number', () => {
  const number = safetyNumber(primitives, ann, bob);
  expect(safetyNumber(primitives, ann, { ...bob, name: 'bo' })).not.toBe(number);
  expect(safetyNumber(primitives, { ...ann, key: bob.key }, bob)).not.toBe(number);
});

test('it is shown in 12 groups of 5, and comes back with any spaces and hyphens', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
      const number = safetyNumber(primitives, ann, { name: 'x', key });
      const shown = formatSafetyNumber(number);
      expect(shown).toMatch(/^\d{5}(?: \d{5}){11}$/);
      for (const typed of [
        shown,
        shown.replaceAll(' ', '-'),
        ` ${number}\n`,
        shown.replaceAll(' ', '\u00a0\u2013'),
      ])
        expect(parseSafetyNumber(typed)).toEqual({ ok: true, value: number });
    }),
  );
  for (const bad of ['', '1'.repeat(59), '1'.repeat(61), `x${'1'.repeat(59)}`])
    expect(parseSafetyNumber(bad).ok).toBe(false);
});
