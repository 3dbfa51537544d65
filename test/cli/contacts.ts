import type { OutgoingState } from '../../src/api/index.ts';
import type { ErrorCode } from '../../src/base/index.ts';
import type { FakeContact } from '../../src/testing/fake-chat.ts';

const OLD = '00001'.repeat(12);
const NEW = '00002'.repeat(12);
const NEXT_TRY = Date.UTC(2026, 0, 2, 3, 4, 5);

/** The kinds of contacts that scripts speak of. */
export function contactLike(name: string, behaviour: string): FakeContact {
  const current = { safetyNumber: OLD, key: 'T0xE', verified: false };
  const pending = { safetyNumber: NEW, key: 'TkVX' };
  switch (behaviour) {
    case '':
      return { name };
    case 'pinned':
      return { name, safety: { current } };
    case 'verified':
      return { name, safety: { current: { ...current, verified: true } }, view: { verified: true } };
    case 'never met':
      return { name, view: { trust: 'new' } };
    case 'unconfirmed':
      return { name, safety: { current }, view: { trust: 'unconfirmed' } };
    case 'key waits there':
      return {
        name,
        outcome: [{ state: 'sent', held: false }, retried('key-pending')],
      };
    case 'answers':
      return { name, reply: (text) => `you said: ${text}` };
    case 'away':
      return { name, outcome: [retried('refused')] };
    case 'silent':
      return { name, outcome: [{ state: 'sent', held: false }] };
    case 'expires':
      return { name, outcome: [{ state: 'expired', reason: because('expired') }] };
    case 'refuses':
      return { name, outcome: [{ state: 'refused', reason: because('message-refused') }] };
    case 'wrong password':
      return { name, outcome: [held('password-mismatch')] };
    case 'key changed':
      return {
        name,
        outcome: [held('key-changed')],
        safety: { current, pending },
        view: { trust: 'key-pending' },
      };
    case 'guessed':
      return {
        name,
        safety: { current },
        view: { failedGuesses: { failures: 7, blockedUntilWall: NEXT_TRY } },
      };
    default:
      throw new Error(`the script speaks of an unknown contact: ${behaviour}`);
  }
}

function retried(code: ErrorCode): OutgoingState {
  return { state: 'queued', reason: because(code), nextTryWall: NEXT_TRY, held: false };
}

function held(code: ErrorCode): OutgoingState {
  return { state: 'queued', reason: because(code), held: true };
}

function because(code: ErrorCode): {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
} {
  return { code, message: `it is ${code}`, hint: `what to do about ${code}` };
}
