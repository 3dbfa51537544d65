import { type Bytes, hex, zeros } from '../bytes.ts';
import { enrolInitiator, type EnrolInitiator, enrolResponder, type EnrolResponder } from '../enrol.ts';
import { unwatched, type Watch } from '../refused.ts';
import type { CaseHead, HandshakeCase, LocalSide } from './case.ts';
import { handshakeCase, kitSecret, swapping } from './duel.ts';

// Alice dials, Bob listens. spec/02 §4.

export const ALICE: EnrolInitiator = {
  user: 'alice',
  peer: 'bob',
  static: kitSecret('static of alice'),
  ownPassword: 'hare',
  peerPassword: 'tortoise',
  ephemeral: kitSecret('enrol ephemeral of alice'),
  kemSeed: kitSecret('enrol KEM seed of alice', 64),
  pakeScalar: kitSecret('enrol PAKE scalar of alice'),
};
export const BOB: EnrolResponder = {
  user: 'bob',
  static: kitSecret('static of bob'),
  ownPassword: 'tortoise',
  contacts: [{ user: 'alice', password: 'hare' }],
  processSecret: zeros(32),
  ephemeral: kitSecret('enrol ephemeral of bob'),
  kemMessage: kitSecret('enrol KEM message of bob'),
  pakeScalar: kitSecret('enrol PAKE scalar of bob'),
};

export const aliceLocal = (alice: EnrolInitiator = ALICE): LocalSide => ({
  user: alice.user,
  static: hex(alice.static),
  ephemeral: hex(alice.ephemeral),
  kem_seed: hex(alice.kemSeed),
  pake_scalar: hex(alice.pakeScalar),
  own_password: alice.ownPassword,
  peer: alice.peer,
  peer_password: alice.peerPassword,
  ...(alice.peerKey && { peer_key: hex(alice.peerKey) }),
});

export const bobLocal = (bob: EnrolResponder = BOB): LocalSide => ({
  user: bob.user,
  static: hex(bob.static),
  ephemeral: hex(bob.ephemeral),
  kem_message: hex(bob.kemMessage),
  pake_scalar: hex(bob.pakeScalar),
  own_password: bob.ownPassword,
  contacts: bob.contacts.map(({ user, password, key }) => ({
    user,
    password,
    ...(key && { key: hex(key) }),
  })),
});

export interface Wrong {
  readonly alice?: Partial<EnrolInitiator>;
  readonly bob?: Partial<EnrolResponder>;
  readonly watch?: Watch;
  readonly edit?: (body: Bytes, at: number) => Bytes;
}

/** Alice is wrong, Bob is under test. */
export function atBob(head: CaseHead, { alice, bob, watch, edit }: Wrong): HandshakeCase {
  const peer = enrolInitiator({ ...ALICE, ...alice }, watch ?? stubborn({}));
  return handshakeCase({
    head,
    mode: 'enrol',
    role: 'R',
    local: bobLocal({ ...BOB, ...bob }),
    peer,
    ...(edit && { edit }),
  });
}

/** Bob is wrong, Alice is under test. */
export function atAlice(head: CaseHead, { alice, bob, watch = unwatched, edit }: Wrong): HandshakeCase {
  const peer = enrolResponder({ ...BOB, ...bob }, watch);
  return handshakeCase({
    head,
    mode: 'enrol',
    role: 'I',
    local: aliceLocal({ ...ALICE, ...alice }),
    peer,
    ...(edit && { edit }),
  });
}

/** An initiator that goes on to PAKE3 whatever Tb is, so that the responder has to judge Ta. */
export function stubborn(changes: Readonly<Record<string, (value: Bytes) => Bytes>>): Watch {
  let right = zeros(0);
  return (name, value) => {
    if (name === 'Tb') right = value;
    return name === 'Tb received' ? right : swapping(changes)(name, value);
  };
}
