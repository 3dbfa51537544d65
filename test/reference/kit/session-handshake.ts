import { type Bytes, concat, hex, lv, u16, utf8, zeros } from '../bytes.ts';
import { unwatched, type Watch } from '../refused.ts';
import {
  type SessionInitiator,
  sessionInitiator,
  type SessionResponder,
  sessionResponder,
} from '../session-handshake.ts';
import { x25519Public } from '../x25519.ts';
import type { CaseHead, HandshakeCase, LocalSide } from './case.ts';
import {
  badKemKey,
  flip,
  handshakeCase,
  head,
  inFrame,
  kitSecret,
  LOW_ORDER,
  NOT_REDUCED,
  put,
  swapping,
} from './duel.ts';

// Alice dials Bob again. spec/02 §5.

const [ALICE_STATIC, BOB_STATIC] = [kitSecret('static of alice'), kitSecret('static of bob')];
const ALICE: SessionInitiator = {
  user: 'alice',
  peer: 'bob',
  static: ALICE_STATIC,
  pinnedKey: x25519Public(BOB_STATIC),
  psk: kitSecret('pair psk'),
  ephemeral: kitSecret('session ephemeral of alice'),
  kemSeed: kitSecret('session KEM seed of alice', 64),
};
const BOB: SessionResponder = {
  user: 'bob',
  static: BOB_STATIC,
  pins: [{ user: 'alice', key: x25519Public(ALICE_STATIC), psk: ALICE.psk }],
  processSecret: zeros(32),
  ephemeral: kitSecret('session ephemeral of bob'),
  kemMessage: kitSecret('session KEM message of bob'),
};

export const aliceLocal = (alice: SessionInitiator = ALICE): LocalSide => ({
  user: alice.user,
  static: hex(alice.static),
  ephemeral: hex(alice.ephemeral),
  kem_seed: hex(alice.kemSeed),
  peer: alice.peer,
  pinned_key: hex(alice.pinnedKey),
  psk: hex(alice.psk),
});

export const bobLocal = (bob: SessionResponder = BOB): LocalSide => ({
  user: bob.user,
  static: hex(bob.static),
  ephemeral: hex(bob.ephemeral),
  kem_message: hex(bob.kemMessage),
  pins: bob.pins.map(({ user, key, psk }) => ({ user, key: hex(key), psk: hex(psk) })),
});

interface Wrong {
  readonly alice?: Partial<SessionInitiator>;
  readonly bob?: Partial<SessionResponder>;
  readonly watch?: Watch;
  readonly edit?: (body: Bytes, at: number) => Bytes;
}

/** Alice is wrong, Bob is under test. */
function atBob(head: CaseHead, { alice, bob, watch = unwatched, edit }: Wrong): HandshakeCase {
  const peer = sessionInitiator({ ...ALICE, ...alice }, watch);
  const local = bobLocal({ ...BOB, ...bob });
  return handshakeCase({ head, mode: 'session', role: 'R', local, peer, ...(edit && { edit }) });
}

/** Bob is wrong, Alice is under test. */
function atAlice(head: CaseHead, { alice, bob, watch = unwatched, edit }: Wrong): HandshakeCase {
  const peer = sessionResponder({ ...BOB, ...bob }, watch);
  const local = aliceLocal({ ...ALICE, ...alice });
  return handshakeCase({ head, mode: 'session', role: 'I', local, peer, ...(edit && { edit }) });
}

export function sessionHandshakeCases(): HandshakeCase[] {
  return [...responderCases(), ...nameCases(), ...initiatorCases(), ...points()];
}

const DECRYPT = 'handshake-decrypt';

function responderCases(): HandshakeCase[] {
  const stranger = 'A key that is not pinned and a wrong psk look the same.';
  const cases = [
    atBob(head('R: a session', '02 §5', 'ok'), {}),
    atBob(head('R: several pins', '02 §5', 'ok'), {
      bob: {
        pins: [
          { user: 'carol', key: x25519Public(kitSecret('carol')), psk: kitSecret('psk of carol') },
          ...BOB.pins,
        ],
      },
    }),
    atBob(head('R: message 1 is for another static key', '02 §5', DECRYPT), {
      alice: { pinnedKey: x25519Public(kitSecret('another static')) },
    }),
    atBob(head('R: a static key that is not pinned', '02 §5', DECRYPT, stranger), {
      alice: { static: kitSecret('another static') },
    }),
    atBob(head('R: nothing is pinned', '02 §5', DECRYPT, stranger), { bob: { pins: [] } }),
    atBob(head('R: another psk', '02 §5', DECRYPT, stranger), { alice: { psk: kitSecret('another psk') } }),
    atBob(
      head(
        'R: R’s own static key',
        '02 §5',
        DECRYPT,
        'In a session R’s own key is one that it has not pinned.',
      ),
      {
        alice: { static: BOB_STATIC },
      },
    ),
    atBob(head('R: message 1 with an ML-KEM key of which a coefficient is q', '02 §1', 'handshake-point'), {
      watch: swapping({ e1: badKemKey }),
    }),
    atBob(head('R: message 1 has the length of an enrol’s', '02 §5', 'frame-length'), {
      edit: inFrame(0, (body) => body.slice(32)),
    }),
    atBob(head('R: message 3 is a byte long', '02 §5', 'frame-length'), {
      edit: inFrame(1, (body) => concat(body, zeros(1))),
    }),
  ];
  const flips = [
    ['e', 0, 0],
    ['e1', 0, 32],
    ['the tag of e1', 0, 1231],
    ['the tag of the payload', 0, -1],
    ['s', 1, 0],
    ['the tag of s', 1, 47],
    ['the payload', 1, 48],
    ['the tag of the payload', 1, -1],
  ] as const;
  for (const [name, frame, at] of flips) {
    const edit = inFrame(frame, (body) => flip(body, at));
    cases.push(
      atBob(head(`R: a flipped bit in ${name} of message ${2 * frame + 1}`, '02 §5', DECRYPT), { edit }),
    );
  }
  cases.push(
    atBob(head('R: message 3 of another session', '02 §7', DECRYPT), {
      edit: inFrame(1, () => otherMessage3()),
    }),
  );
  for (const [name, at, value] of [
    ['version', 4, 2],
    ['mode', 5, 1],
    ['flags', 7, 1],
  ] as const) {
    const watch = swapping({ prologue: (prologue) => put(prologue, 8 + at, Uint8Array.of(value)) });
    cases.push(atBob(head(`R: I sent another ${name} in the preface`, '02 §2', DECRYPT), { watch }));
  }
  return cases;
}

function otherMessage3(): Bytes {
  let message3 = zeros(0);
  const see = (body: Bytes, at: number): Bytes => {
    if (at === 1) message3 = body;
    return body;
  };
  atBob(head('', '', ''), { bob: { ephemeral: kitSecret('another ephemeral of bob') }, edit: see });
  return message3;
}

function nameCases(): HandshakeCase[] {
  const named = (name: string, names: Bytes, section = '02 §3'): HandshakeCase =>
    atBob(head(`R: ${name}`, section, 'handshake-names'), {
      watch: swapping({ names: () => concat(names, zeros(132 - names.length)) }),
    });
  return [
    named('user_I is not the name pinned for the key', lv(utf8('carol'), utf8('bob')), '02 §5'),
    named('user_R is not R’s name', lv(utf8('alice'), utf8('robert')), '02 §5'),
    named('the names changed places', lv(utf8('bob'), utf8('alice')), '02 §5'),
    named('user_I differs in case', lv(utf8('ALICE'), utf8('bob')), '02 §5'),
    named('the names are zeros', zeros(132)),
    named('user_I ends beyond the payload', concat(u16(500), utf8('alice'))),
    named('a byte behind the names', concat(lv(utf8('alice'), utf8('bob')), Uint8Array.of(1))),
    named('user_I has a tabulator', lv(utf8('ali\tce'), utf8('bob'))),
  ];
}

function initiatorCases(): HandshakeCase[] {
  const made = Array.from({ length: 35 }, (_, at) => `made up ${at}`);
  const cases = [
    atAlice(head('I: a session', '02 §5', 'ok'), {}),
    atAlice(
      head(
        'I: R does not hold the pinned key',
        '02 §5',
        DECRYPT,
        'R cannot read message 1: all but its e is made up.',
      ),
      {
        edit: inFrame(0, (body) => concat(body.slice(0, 32), ...made.map((name) => kitSecret(name)))),
      },
    ),
    atAlice(head('I: a ciphertext of another ML-KEM secret', '02 §2', DECRYPT), {
      watch: swapping({ ekem1: (ciphertext) => flip(ciphertext, 0) }),
    }),
    atAlice(head('I: message 2 has the length of an enrol’s', '02 §5', 'frame-length'), {
      edit: inFrame(0, (body) => concat(body, zeros(48))),
    }),
    atAlice(head('I: message 2 is I’s own message 1', '02 §7', 'frame-length'), {
      edit: inFrame(0, (body) => concat(body, zeros(96))),
    }),
    atAlice(head('I: message 2 of another session', '02 §7', DECRYPT), { edit: inFrame(0, otherMessage2) }),
  ];
  for (const [name, at] of [
    ['e', 0],
    ['ekem1', 32],
    ['the tag of ekem1', 1135],
    ['the tag of the payload', -1],
  ] as const) {
    const edit = inFrame(0, (body) => flip(body, at));
    cases.push(atAlice(head(`I: a flipped bit in ${name} of message 2`, '02 §5', DECRYPT), { edit }));
  }
  return cases;
}

function otherMessage2(): Bytes {
  const other = sessionInitiator({ ...ALICE, ephemeral: kitSecret('another ephemeral of alice') }, unwatched);
  const bob = sessionResponder(BOB, unwatched);
  bob.next();
  const message1 = other.next().value.send[0] ?? zeros(0);
  return bob.next(message1).value.send[0] ?? zeros(0);
}

function points(): HandshakeCase[] {
  const point = 'handshake-point';
  const each = [
    ...LOW_ORDER.map(([name, u]) => [`is a point of small order, ${name}`, () => u] as const),
    ...NOT_REDUCED.map(([name, u]) => [`is not reduced, ${name}`, () => u] as const),
    ['has its top bit set', (u: Bytes) => flip(u, 31, 0x80)] as const,
  ];
  return each.flatMap(([name, change]) => [
    atBob(head(`R: e of message 1 ${name}`, '02 §1', point), { watch: swapping({ 'e of I': change }) }),
    atBob(head(`R: s of message 3 ${name}`, '02 §1', point), { watch: swapping({ 's of I': change }) }),
    atAlice(head(`I: e of message 2 ${name}`, '02 §1', point), { watch: swapping({ 'e of R': change }) }),
  ]);
}
