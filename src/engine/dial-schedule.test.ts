import { expect, test } from 'vitest';
import { Secret, type Failure } from '../base/index.ts';
import type { Pin } from '../directory/index.ts';
import { DialSchedule, WRONG_PASSWORDS_MAX } from './dial-schedule.ts';

const WRONG: Failure = { code: 'password-mismatch', message: '' };
const BUSY: Failure = { code: 'not-proven', message: '' };

function pinOf(confirmed: boolean): Pin {
  const bytes = new Uint8Array(32);
  const seen = { createdWall: 0, lastSeenWall: 0 };
  return {
    key: bytes,
    psk: new Secret(bytes),
    confirmed,
    ...seen,
    verified: 'none',
    minVersion: 1,
    formerKeys: [],
  };
}

test('no pin enrols, a confirmed pin never does, an unconfirmed one alternates and begins with a session (P1, P2)', () => {
  const modes = (pin: Pin | undefined) => {
    const dial = new DialSchedule();
    return Array.from({ length: 4 }, () => {
      const mode = dial.nextMode(pin, false);
      dial.begun(mode);
      dial.failed(BUSY, 0, 0, false);
      return mode;
    });
  };
  expect(modes(undefined)).toEqual(['enrol', 'enrol', 'enrol', 'enrol']);
  expect(modes(pinOf(true))).toEqual(['session', 'session', 'session', 'session']);
  expect(modes(pinOf(false))).toEqual(['session', 'enrol', 'session', 'enrol']);
});

test('after three wrong tags an unconfirmed pin is tried by sessions alone: each enrol is one guess for who answers (CRY-11)', () => {
  const dial = new DialSchedule();
  let enrols = 0;
  for (let attempt = 0; attempt < 20; attempt++) {
    const mode = dial.nextMode(pinOf(false), false);
    dial.begun(mode);
    if (mode === 'enrol') enrols++;
    dial.failed(mode === 'enrol' ? WRONG : BUSY, 0, 0, true);
    expect(dial.isHeld).toBe(false);
  }
  expect(enrols).toBe(WRONG_PASSWORDS_MAX);
  dial.restart();
  expect([dial.nextMode(pinOf(false), false), dial.nextMode(undefined, false)]).toEqual(['session', 'enrol']);
});

test('every address of a contact has its turn', () => {
  const dial = new DialSchedule();
  expect(Array.from({ length: 5 }, () => dial.nextAddress(['a', 'b']))).toEqual(['a', 'b', 'a', 'b', 'a']);
});

test('a refusal of our key counts from the second in a row on, with an unconfirmed pin never (PROTOCOL §8)', () => {
  const dial = new DialSchedule();
  const refused: Failure = { code: 'key-refused', message: '' };
  const counted = [refused, BUSY, refused, refused, refused].map(
    (failure) => dial.countRefusal(failure, false).code,
  );
  expect(counted).toEqual(['not-proven', 'not-proven', 'not-proven', 'key-refused', 'key-refused']);
  const first = new DialSchedule();
  expect([1, 2, 3].map(() => first.countRefusal(refused, true).code)).toEqual(Array(3).fill('not-proven'));
});

test('a new text does not wait out a long back-off, and a thousand of them dial once a second (NET-19)', () => {
  const dial = new DialSchedule();
  for (let attempt = 0; attempt < 10; attempt++) dial.failed(BUSY, 0, 1, false);
  expect(dial.dueAt).toBe(300_000);
  dial.nudge();
  expect(dial.dueAt).toBe(1_000);
  for (let text = 0; text < 1_000; text++) dial.nudge();
  expect(dial.dueAt).toBe(1_000);
});

test('texts to a contact that only a person can help dial once a second as well (NET-19)', () => {
  const dial = new DialSchedule();
  let dials = 0;
  for (let now = 0; now < 10_000; now += 5) {
    dial.nudge();
    if (dial.dueAt === undefined || dial.dueAt > now) continue;
    dials++;
    dial.failed({ code: 'handshake-self', message: '' }, now, 1, false);
  }
  expect(dials).toBe(10);
});

test('a first call waits for its moment, unless somebody asked; a standstill ends every wait but the one second and a hold', () => {
  const called = new DialSchedule();
  called.begin(2_000);
  expect(called.dueAt).toBe(2_000);
  called.nudge();
  called.begin(9_000);
  expect(called.dueAt).toBe(Number.NEGATIVE_INFINITY);

  const failing = new DialSchedule();
  for (let i = 0; i < 12; i++) failing.failed({ code: 'refused', message: '' }, 0, 1, false);
  expect(failing.dueAt).toBe(300_000);
  failing.hurry(500);
  expect(failing.dueAt, 'not within a second of the last attempt').toBe(1_000);
  failing.hurry(200_000);
  expect(failing.dueAt, 'never later').toBe(1_000);

  const held = new DialSchedule();
  held.failed({ code: 'handshake-self', message: '' }, 0, 1, false);
  held.hurry(1);
  expect(held.dueAt).toBeUndefined();
});
