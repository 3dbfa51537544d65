import { expect, test } from 'vitest';
import { freePort } from './free-port.ts';

test('no port is given out twice, however many ask at once', async () => {
  const ports = await Promise.all(Array.from({ length: 300 }, async () => freePort()));
  expect(new Set(ports).size).toBe(300);
});
