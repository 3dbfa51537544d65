import { setImmediate as idle } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { nativePrimitives as native, systemEntropy } from './index.ts';
import { madeAhead } from './made-ahead.ts';

test('one is made ahead when the program is idle, and each is given out once (CRY-01)', async () => {
  let made = 0;
  const next = madeAhead(() => ++made);
  expect([next(), next()]).toEqual([1, 2]);
  await idle();
  expect(made).toBe(3);
  expect([next(), next()]).toEqual([3, 4]);
  await idle();
  await idle();
  expect(made).toBe(5);
});

test('key pairs of X25519 that were made ahead are fresh, and pairs (CRY-01)', async () => {
  const pairs = [];
  for (let n = 0; n < 6; n++) {
    pairs.push(systemEntropy.x25519KeyPair!());
    if (n % 2 === 0) await idle();
  }
  for (const { secret, publicKey } of pairs)
    expect(native.x25519PublicKey(secret.slice())).toEqual(publicKey);
  expect(new Set(pairs.map(({ publicKey }) => native.encodeBase64(publicKey))).size).toBe(6);
});
