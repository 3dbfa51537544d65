import { type Bytes, concat, zeros } from '../bytes.ts';
import { x25519Public } from '../x25519.ts';
import type { HandshakeCase } from './case.ts';
import { flip, head, inFrame, kitSecret, LOW_ORDER, NOT_REDUCED, put, swapping } from './duel.ts';
import { ALICE, atAlice, BOB } from './enrol-people.ts';

// Alice dials, and Bob is wrong. spec/02 §4.

export function enrolInitiatorCases(): HandshakeCase[] {
  return [...initiatorCases(), ...initiatorPoints()];
}

function initiatorCases(): HandshakeCase[] {
  const decrypt = 'handshake-decrypt';
  const cases = [
    atAlice(head('I: an enrol', '02 §4', 'ok'), {}),
    atAlice(head('I: the directory names R’s key', '02 §4', 'ok'), {
      alice: { peerKey: x25519Public(BOB.static) },
    }),
    atAlice(head('I: the directory names another key', '02 §4', 'handshake-key'), {
      alice: { peerKey: x25519Public(kitSecret('another static')) },
    }),
    atAlice(head('I: message 2 shows I’s own static key', '02 §1', 'handshake-self'), {
      bob: { static: ALICE.static },
    }),
    atAlice(
      head(
        'I: a ciphertext of another ML-KEM secret',
        '02 §2',
        decrypt,
        'ML-KEM rejects silently: the next tag is wrong.',
      ),
      {
        watch: swapping({ ekem1: (ciphertext) => flip(ciphertext, 0) }),
      },
    ),
    atAlice(head('I: message 2 is a byte short', '02 §4', 'frame-length'), {
      edit: inFrame(0, (body) => body.slice(1)),
    }),
    atAlice(head('I: message 2 is I’s own message 1', '02 §7', 'frame-length'), {
      edit: inFrame(0, (body) => concat(body, zeros(16))),
    }),
    atAlice(head('I: PAKE2 has the length of PAKE1', '02 §7', 'frame-length'), {
      edit: inFrame(1, (body) => concat(body, zeros(100))),
    }),
    atAlice(head('I: a flipped bit in PAKE2', '02 §4', decrypt), {
      edit: inFrame(1, (body) => flip(body, 0)),
    }),
    atAlice(head('I: a flipped bit in the tag of PAKE2', '02 §4', decrypt), {
      edit: inFrame(1, (body) => flip(body, -1)),
    }),
    atAlice(head('I: Tb has a flipped bit', '02 §4.2', 'pake-confirm'), {
      watch: swapping({ PAKE2: (body) => flip(body, -1) }),
    }),
    atAlice(head('I: Tb is zeros', '02 §4.2', 'pake-confirm'), {
      watch: swapping({ PAKE2: (body) => put(body, 33, zeros(32)) }),
    }),
    atAlice(head('I: R has another password of user_R', '02 §4.1', 'pake-confirm'), {
      bob: { ownPassword: 'tortoises' },
    }),
    atAlice(head('I: R has another password of user_I', '02 §4.1', 'pake-confirm'), {
      bob: { contacts: [{ user: 'alice', password: 'hares' }] },
    }),
    atAlice(head('I: R does not know user_I', '02 §4.3', 'pake-confirm'), { bob: { contacts: [] } }),
    atAlice(head('I: ADb has another version', '02 §4.1', 'pake-confirm'), {
      watch: swapping({ transcript: (transcript) => flip(transcript, -1, 0x03) }),
    }),
  ];
  for (const type of [1, 3]) {
    const watch = swapping({ PAKE2: (body: Bytes) => put(body, 0, Uint8Array.of(type)) });
    cases.push(
      atAlice(head(`I: PAKE2 has the first byte ${type}`, '02 §4.2', 'handshake-payload'), { watch }),
    );
  }
  for (const [name, at] of [
    ['e', 0],
    ['ekem1', 32],
    ['the tag of ekem1', 1135],
    ['s', 1136],
    ['the tag of s', 1183],
    ['the tag of the payload', -1],
  ] as const) {
    const edit = inFrame(0, (body) => flip(body, at));
    cases.push(atAlice(head(`I: a flipped bit in ${name} of message 2`, '02 §4', decrypt), { edit }));
  }
  for (const [name, at, value] of [
    ['version', 4, 2],
    ['mode', 5, 2],
    ['flags', 7, 1],
  ] as const) {
    const watch = swapping({ prologue: (prologue) => put(prologue, 8 + at, Uint8Array.of(value)) });
    cases.push(atAlice(head(`I: R saw another ${name} in the preface`, '02 §2', decrypt), { watch }));
  }
  return cases;
}

function initiatorPoints(): HandshakeCase[] {
  const point = 'handshake-point';
  const cases: HandshakeCase[] = [];
  const each = [
    ...LOW_ORDER.map(([name, u]) => [`is a point of small order, ${name}`, () => u] as const),
    ...NOT_REDUCED.map(([name, u]) => [`is not reduced, ${name}`, () => u] as const),
    ['has its top bit set', (u: Bytes) => flip(u, 31, 0x80)] as const,
  ];
  for (const [name, change] of each) {
    const ofYb = (body: Bytes): Bytes => put(body, 1, change(body.slice(1, 33)));
    cases.push(
      atAlice(head(`I: e of message 2 ${name}`, '02 §1', point), { watch: swapping({ 'e of R': change }) }),
      atAlice(head(`I: s of message 2 ${name}`, '02 §1', point), { watch: swapping({ 's of R': change }) }),
      atAlice(head(`I: Yb ${name}`, '02 §1', point), { watch: swapping({ PAKE2: ofYb }) }),
    );
  }
  return cases;
}
