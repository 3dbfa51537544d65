import { type Bytes, concat, lv, lvCat, u16, unhex, utf8, zeros } from '../bytes.ts';
import { bytesOf, toBase64 } from '../envelope-json.ts';
import type { Watch } from '../refused.ts';
import { x25519Public } from '../x25519.ts';
import type { HandshakeCase } from './case.ts';
import { badKemKey, flip, head, inFrame, kitSecret, LOW_ORDER, NOT_REDUCED, put, swapping } from './duel.ts';
import { ALICE, atBob, BOB, bobLocal, stubborn, type Wrong } from './enrol-people.ts';

// Bob listens, and Alice is wrong. spec/02 §4.

export function enrolResponderCases(): HandshakeCase[] {
  return [...responderCases(), ...pake1Cases(), ...proofCases()];
}

function responderCases(): HandshakeCase[] {
  const cases = [
    atBob(head('R: an enrol', '02 §4', 'ok'), {}),
    atBob(head('R: the directory names the key of user_I', '08 P6', 'ok'), {
      bob: { contacts: [{ user: 'alice', password: 'hare', key: x25519Public(ALICE.static) }] },
    }),
    atBob(head('R: empty passwords', '02 §1', 'ok'), {
      alice: { ownPassword: '', peerPassword: '' },
      bob: { ownPassword: '', contacts: [{ user: 'alice', password: '' }] },
    }),
    atBob(
      head(
        'R: a password in another form',
        '02 §1',
        'ok',
        'A no-break space is a space; NFC composes o and U+0308.',
      ),
      {
        alice: { ownPassword: 'a\u00A0b', peerPassword: 'T\u00F6rtchen' },
        bob: { ownPassword: 'To\u0308rtchen', contacts: [{ user: 'alice', password: 'a b' }] },
      },
    ),
    atBob(head('R: a name of 64 bytes', '02 §1', 'ok'), {
      alice: { user: 'ü'.repeat(32) },
      bob: { contacts: [{ user: 'ü'.repeat(32), password: 'hare' }] },
    }),
    atBob(head('R: message 1 with an ML-KEM key of which a coefficient is q', '02 §1', 'handshake-point'), {
      watch: swapping({ e1: badKemKey }),
    }),
    atBob(head('R: message 1 has the length of a session’s', '02 §4', 'frame-length'), {
      edit: inFrame(0, (body) => concat(body, zeros(32))),
    }),
    atBob(head('R: message 1 is a byte short', '02 §4', 'frame-length'), {
      edit: inFrame(0, (body) => body.slice(1)),
    }),
    atBob(head('R: message 3 is a byte long', '02 §4', 'frame-length'), {
      edit: inFrame(1, (body) => concat(body, zeros(1))),
    }),
    atBob(head('R: PAKE3 has the length of PAKE2', '02 §4', 'frame-length'), {
      edit: inFrame(3, (body) => concat(body, zeros(32))),
    }),
    atBob(head('R: message 3 of another handshake', '02 §4', 'handshake-decrypt'), {
      edit: inFrame(1, () => bytesOf(otherMessage3())),
    }),
    atBob(head('R: message 3 shows R’s own static key', '02 §1', 'handshake-self'), {
      alice: { static: BOB.static },
      watch: swapping({ 'own key': () => zeros(32) }),
    }),
  ];
  for (const [name, at] of [
    ['s', 0],
    ['the tag of s', 47],
    ['the tag of the payload', -1],
  ] as const) {
    cases.push(
      atBob(head(`R: a flipped bit in ${name} of message 3`, '02 §4', 'handshake-decrypt'), {
        edit: inFrame(1, (body) => flip(body, at)),
      }),
    );
  }
  return [...cases, ...editedMessage1(), ...responderPoints()];
}

/** Message 1 has no tag: its edit shows in message 3, which was made for the other message 1. */
function editedMessage1(): HandshakeCase[] {
  const comment = 'Message 1 has no tag: the edit shows in message 3.';
  const right = atBob(head('', '', 'ok'), {}).receive.map(bytesOf);
  const places = [
    ['the first byte of e', 0],
    ['the last byte of e', 31],
    ['the last byte of e1', -1],
  ] as const;
  return places.map(([what, at]) => {
    const [message1, message3] = [flip(right[0] ?? zeros(0), at), right[1] ?? zeros(0)];
    const said = head(`R: a flipped bit in ${what} of message 1`, '02 §4', 'handshake-decrypt', comment);
    const receive = [message1, message3].map(toBase64);
    return { kind: 'handshake', ...said, mode: 'enrol', role: 'R', local: bobLocal(), receive, at: 1 };
  });
}

const otherMessage3 = (): string =>
  atBob(head('', '', ''), { bob: { ephemeral: kitSecret('another ephemeral of bob') } }).receive[1] ?? '';

function responderPoints(): HandshakeCase[] {
  const point = 'handshake-point';
  const low = LOW_ORDER.flatMap(([name, u]) => [
    atBob(head(`R: e of message 1 is a point of small order, ${name}`, '02 §1', point), {
      watch: swapping({ 'e of I': () => u }),
    }),
    atBob(head(`R: s of message 3 is a point of small order, ${name}`, '02 §1', point), {
      watch: swapping({ 's of I': () => u }),
    }),
    atBob(head(`R: Ya is a point of small order, ${name}`, '02 §4.1', point), {
      watch: stubborn({ PAKE1: (body) => put(body, 133, u) }),
    }),
  ]);
  const notReduced = NOT_REDUCED.flatMap(([name, u]) => [
    atBob(head(`R: e of message 1 is not reduced, ${name}`, '02 §1', point), {
      watch: swapping({ 'e of I': () => u }),
    }),
    atBob(head(`R: s of message 3 is not reduced, ${name}`, '02 §1', point), {
      watch: swapping({ 's of I': () => u }),
    }),
    atBob(head(`R: Ya is not reduced, ${name}`, '02 §1', point), {
      watch: stubborn({ PAKE1: (body) => put(body, 133, u) }),
    }),
  ]);
  const top = (value: Bytes): Bytes => flip(value, 31, 0x80);
  const topBits = [
    atBob(head('R: the top bit of e is set', '02 §1', point), { watch: swapping({ 'e of I': top }) }),
    atBob(head('R: the top bit of s is set', '02 §1', point), { watch: swapping({ 's of I': top }) }),
    atBob(head('R: the top bit of Ya is set', '02 §1', point), {
      watch: stubborn({ PAKE1: (body) => flip(body, -1, 0x80) }),
    }),
  ];
  return [...low, ...notReduced, ...topBits];
}

function pake1Cases(): HandshakeCase[] {
  const cases: HandshakeCase[] = [];
  for (const [name, at] of [
    ['the first byte', 0],
    ['the tag', -1],
  ] as const) {
    const edit = inFrame(2, (body) => flip(body, at));
    cases.push(atBob(head(`R: a flipped bit in ${name} of PAKE1`, '02 §4', 'handshake-decrypt'), { edit }));
  }
  for (const type of [0, 2, 3, 0xff]) {
    const watch = stubborn({ PAKE1: (body) => put(body, 0, Uint8Array.of(type)) });
    cases.push(atBob(head(`R: PAKE1 has the first byte ${type}`, '02 §4.2', 'handshake-payload'), { watch }));
  }
  const named = (name: string, names: Bytes, comment?: string): void => {
    const padded = concat(names, zeros(132 - names.length));
    const watch = stubborn({ PAKE1: (body) => put(body, 1, padded) });
    cases.push(atBob(head(`R: ${name}`, '02 §3', 'handshake-names', comment), { watch }));
  };
  const bob = utf8('bob');
  named('user_I is empty', lv(zeros(0), bob));
  named('user_R is empty', lv(utf8('alice'), zeros(0)));
  named('user_I has 65 bytes', lv(utf8('a'.repeat(65)), bob));
  named('user_R has 65 bytes', lv(utf8('alice'), utf8('b'.repeat(65))));
  named('user_I ends beyond the names', concat(u16(131), utf8('alice'), zeros(125)));
  named('user_R ends beyond the names', concat(lv(utf8('alice')), u16(200), bob));
  named('user_I has no place for user_R', concat(u16(130), utf8('a'.repeat(130))));
  named('a byte behind the names', concat(lv(utf8('alice'), bob), Uint8Array.of(1)));
  named(
    'the last byte behind the names',
    put(concat(lv(utf8('alice'), bob), zeros(120)), 131, Uint8Array.of(1)),
  );
  named('user_I is not UTF-8', lv(unhex('ff616c696365'), bob));
  named('user_I has an overlong encoding', lv(unhex('c1a16c696365'), bob), 'C1 A1 would be a.');
  named('user_I has half of a surrogate pair', lv(unhex('61eda080'), bob));
  named('user_I is not in NFC', lv(utf8('zoe\u0308'), bob));
  named('user_I has a line feed', lv(utf8('al\nice'), bob));
  named('user_I has U+0000', lv(utf8('alice\0'), bob));
  named('user_I has U+007F', lv(utf8('al\x7fice'), bob));
  named('user_R has U+0085', lv(utf8('alice'), utf8('bo\u0085b')), 'C1 controls are of category Cc too.');
  return cases;
}

function proofCases(): HandshakeCase[] {
  const confirm = 'pake-confirm';
  const wrong = (name: string, section: string, what: Wrong, comment?: string): HandshakeCase =>
    atBob(head(`R: ${name}`, section, confirm, comment), what);
  const unknown = 'R answers PAKE1 as if it knew the pair; only the proof fails.';
  const cases = [
    wrong('another password of user_I', '02 §4.1', { alice: { ownPassword: 'hares' } }),
    wrong('another password of user_R', '02 §4.1', { alice: { peerPassword: 'tortoises' } }),
    wrong('the two passwords changed places', '02 §4.1', {
      alice: { ownPassword: 'tortoise', peerPassword: 'hare' },
    }),
    wrong(
      'a password with a space behind it',
      '02 §1',
      { alice: { ownPassword: 'hare ' } },
      'Nothing is trimmed.',
    ),
    wrong('user_I is not in the directory', '02 §4.3', { alice: { user: 'mallory' } }, unknown),
    wrong(
      'user_I differs in case',
      '02 §1',
      { alice: { user: 'Alice' } },
      'Names are compared byte by byte.',
    ),
    wrong('user_R is not R', '02 §4.3', { alice: { peer: 'robert' } }, unknown),
    wrong('user_I is R’s own name', '02 §4.3', { alice: { user: 'bob' } }, unknown),
    wrong('the directory names another key of user_I', '08 P6', {
      bob: {
        contacts: [{ user: 'alice', password: 'hare', key: x25519Public(kitSecret('another static')) }],
      },
    }),
    wrong(
      'the proof is not bound to the handshake',
      '02 §7',
      { watch: stubborn({ sid: (h) => flip(h, 0) }) },
      'sid is not h.',
    ),
    wrong('CI without lengths', '02 §4.1', { watch: stubborn({ CI: () => utf8('alicebob') }) }),
    wrong('the names of CI changed places', '02 §4.1', {
      watch: stubborn({ CI: () => lvCat(utf8('bob'), utf8('alice')) }),
    }),
    wrong('Ta has a flipped bit', '02 §4.2', { watch: stubborn({ PAKE3: (body) => flip(body, 1) }) }),
    wrong('Ta has a flipped last bit', '02 §4.2', { watch: stubborn({ PAKE3: (body) => flip(body, -1) }) }),
    wrong('Ta is zeros', '02 §4.2', { watch: stubborn({ PAKE3: (body) => put(body, 1, zeros(32)) }) }),
    wrong('Tb comes back as Ta', '02 §4.2', { watch: returningTag() }),
    atBob(head('R: a flipped bit in PAKE3', '02 §4', 'handshake-decrypt'), {
      edit: inFrame(3, (body) => flip(body, 0)),
    }),
    atBob(head('R: a flipped bit in the tag of PAKE3', '02 §4', 'handshake-decrypt'), {
      edit: inFrame(3, (body) => flip(body, -1)),
    }),
  ];
  for (const type of [1, 2]) {
    const watch = stubborn({ PAKE3: (body) => put(body, 0, Uint8Array.of(type)) });
    cases.push(atBob(head(`R: PAKE3 has the first byte ${type}`, '02 §4.2', 'handshake-payload'), { watch }));
  }
  return cases;
}

/** An initiator without Ta that sends R's own tag. */
function returningTag(): Watch {
  let tag = zeros(0);
  return (name, value) => {
    if (name === 'Tb received') tag = value;
    return name === 'PAKE3' ? put(value, 1, tag) : value;
  };
}
