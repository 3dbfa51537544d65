import { expect, test } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../base/index.ts';
import { EXIT, exitCodeOf, worstExitCode } from './exit-code.ts';

test('every error code has one of the documented exit codes (CTL-05)', () => {
  const documented = new Set<number>(Object.values(EXIT));
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    expect(documented.has(exitCodeOf(code))).toBe(true);
    expect(exitCodeOf(code)).not.toBe(EXIT.done);
  }
});

test('what a dial proves about an identity is exit 4, what the network does is exit 3', () => {
  const identity: readonly ErrorCode[] = [
    'handshake-decrypt',
    'handshake-key',
    'key-changed',
    'key-pending',
    'key-refused',
    'password-mismatch',
    'peer-refused',
    'fingerprint-mismatch',
  ];
  for (const code of identity) expect(exitCodeOf(code)).toBe(4);
  for (const code of ['not-proven', 'refused', 'disk-full', 'home-locked'] as const)
    expect(exitCodeOf(code)).toBe(3);
  expect(exitCodeOf('timeout')).toBe(5);
  expect(exitCodeOf('contact-unknown')).toBe(6);
  expect(exitCodeOf('own-entry')).toBe(2);
});

test('of several outcomes the one that a person must look into wins', () => {
  expect(worstExitCode([])).toBe(0);
  expect(worstExitCode([0, 3, 1])).toBe(1);
  expect(worstExitCode([5, 0])).toBe(5);
  expect(worstExitCode([5, 3, 0])).toBe(3);
  expect(worstExitCode([6, 4, 2])).toBe(4);
  expect(worstExitCode([2, 6])).toBe(2);
});
