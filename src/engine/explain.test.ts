import { expect, test } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../base/index.ts';
import { explainDialFailure } from './explain.ts';

test('no hint of a failed dial asks for a text that is kept to be sent once more', () => {
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    const { hint = '' } = explainDialFailure({ code, message: '' }, 'bob', '192.0.2.7:7688');
    expect(hint, code).not.toMatch(/send (?:it )?again/i);
  }
});
