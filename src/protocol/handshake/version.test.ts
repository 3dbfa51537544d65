import { expect, test } from 'vitest';
import { checkVersion, raiseMinVersion } from './version.ts';

const VERSIONS = [1, 2, 3] as const;
const CASES = VERSIONS.flatMap((chosen) =>
  VERSIONS.flatMap((ownMax) =>
    VERSIONS.flatMap((peerMax) => VERSIONS.map((minVersion) => ({ chosen, ownMax, peerMax, minVersion }))),
  ),
);

test('a connection is good at the highest version of both and no lower than the pin’s, and only then', () => {
  const good = CASES.filter((each) => checkVersion(each).ok);
  expect(
    good.map(({ chosen, ownMax, peerMax, minVersion }) => [chosen, ownMax, peerMax, minVersion]),
  ).toEqual([
    [1, 1, 1, 1],
    [1, 1, 2, 1],
    [1, 1, 3, 1],
    [1, 2, 1, 1],
    [1, 3, 1, 1],
    [2, 2, 2, 1],
    [2, 2, 2, 2],
    [2, 2, 3, 1],
    [2, 2, 3, 2],
    [2, 3, 2, 1],
    [2, 3, 2, 2],
    [3, 3, 3, 1],
    [3, 3, 3, 2],
    [3, 3, 3, 3],
  ]);
});

test('every other is a downgrade, by one code (spec/02)', () => {
  const codes = CASES.flatMap((each) => {
    const checked = checkVersion(each);
    return checked.ok ? [] : [checked.failure.code];
  });
  expect([codes.length, new Set(codes)]).toEqual([81 - 14, new Set(['version-downgrade'])]);
});

test('a pin’s lowest version rises to what both speak, and never falls', () => {
  for (const { ownMax, peerMax, minVersion } of CASES) {
    const raised = raiseMinVersion({ ownMax, peerMax, minVersion });
    expect(raised).toBeGreaterThanOrEqual(minVersion);
    expect(raised).toBeGreaterThanOrEqual(Math.min(ownMax, peerMax));
    expect([minVersion, Math.min(ownMax, peerMax)]).toContain(raised);
  }
});
