import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { hex, unhex } from './bytes.ts';
import { enrolInitiator, enrolResponder } from './enrol.ts';
import type { Watch } from './refused.ts';
import { sessionInitiator, sessionResponder } from './session-handshake.ts';
import { shakeHands } from './shake-hands.ts';
import { x25519Public } from './x25519.ts';

interface Recorded {
  readonly inputs: Readonly<Record<string, string>>;
  readonly frames: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, string>>;
}
const file = new URL('../../spec/vectors/02-handshake.json', import.meta.url);
const recorded = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly enrol: Recorded;
  readonly session: Recorded;
};

function noting() {
  const values: Record<string, string> = {};
  const watch: Watch = (name, value) => {
    values[name] = hex(value);
    return value;
  };
  return { values, watch };
}

/** The older vectors name h and ck after message 3 without saying so. */
function expectValues(values: Readonly<Record<string, string>>, known: Readonly<Record<string, string>>) {
  const named = { h: values['h after message 3'], ck: values['ck after message 3'] };
  expect({ ...values, ...named }).toMatchObject(known);
}

test('the reference makes every byte and value of the enrol in spec/vectors/02-handshake.json (CRY-24)', () => {
  const { inputs, frames, values } = recorded.enrol;
  const input = (name: string) => unhex(inputs[name]!);
  const [user, peer] = [inputs['user_I']!, inputs['user_R']!];
  const [passwordI, passwordR] = [inputs['password_I']!, inputs['password_R']!];
  const noted = noting();
  const initiator = enrolInitiator(
    {
      user,
      peer,
      static: input('static_I'),
      ownPassword: passwordI,
      peerPassword: passwordR,
      ephemeral: input('ephemeral_I'),
      kemSeed: input('kem_seed_I'),
      pakeScalar: input('pake_scalar_I'),
    },
    noted.watch,
  );
  const responder = enrolResponder(
    {
      user: peer,
      static: input('static_R'),
      ownPassword: passwordR,
      contacts: [{ user, password: passwordI }],
      processSecret: new Uint8Array(32),
      ephemeral: input('ephemeral_R'),
      kemMessage: input('kem_message_R'),
      pakeScalar: input('pake_scalar_R'),
    },
    noted.watch,
  );

  const shaken = shakeHands(initiator, responder);

  expect(shaken.frames.map(hex)).toStrictEqual(Object.values(frames));
  expectValues(noted.values, values);
});

test('the reference makes every byte and value of the session in spec/vectors/02-handshake.json (CRY-24)', () => {
  const { inputs, frames, values } = recorded.session;
  const input = (name: string) => unhex(inputs[name]!);
  const [user, peer] = [inputs['user_I']!, inputs['user_R']!];
  const noted = noting();
  const keys = { I: input('static_I'), R: input('static_R'), psk: input('pair_psk') };
  const initiator = sessionInitiator(
    {
      user,
      peer,
      static: keys.I,
      pinnedKey: x25519Public(keys.R),
      psk: keys.psk,
      ephemeral: input('ephemeral_I'),
      kemSeed: input('kem_seed_I'),
    },
    noted.watch,
  );
  const responder = sessionResponder(
    {
      user: peer,
      static: keys.R,
      pins: [{ user, key: x25519Public(keys.I), psk: keys.psk }],
      processSecret: new Uint8Array(32),
      ephemeral: input('ephemeral_R'),
      kemMessage: input('kem_message_R'),
    },
    noted.watch,
  );

  const shaken = shakeHands(initiator, responder);

  expect(shaken.frames.map(hex)).toStrictEqual(Object.values(frames));
  expectValues(noted.values, values);
});
