import { type Bytes, hex, integer, utf8, zeros } from './bytes.ts';
import { enrolInitiator, ENROL_PROTOCOL, enrolResponder } from './enrol.ts';
import { ENROL_PREFACE, SESSION_PREFACE } from './frames.ts';
import { sha512 } from './hash.ts';
import { password } from './identities.ts';
import { type Item, writeItemBody } from './items.ts';
import { itemAsJson } from './item-json.ts';
import { type Keys, sessionKeys } from './keys.ts';
import type { Ready } from './ready.ts';
import { padded } from './records.ts';
import { safetyNumber } from './safety-number.ts';
import type { Watch } from './refused.ts';
import { Session } from './session.ts';
import { SESSION_PROTOCOL, sessionInitiator, sessionResponder } from './session-handshake.ts';
import { shakeHands } from './shake-hands.ts';
import { x25519Public } from './x25519.ts';

// One enrol and one session, each to its CLOSE, with every value that the chapters name.

type Json = Readonly<Record<string, unknown>>;

/** A secret that nobody has chosen: the first bytes of SHA-512 of its name. */
export const goldenSecret = (name: string, length = 32): Bytes =>
  sha512(utf8(`sotto/1 golden ${name}`)).slice(0, length);

const ALICE = 'alice';
const ZOE = 'zoë';
/** As they stand in a directory file: with a no-break space, and with a letter that NFC composes. */
const PASSWORD_ALICE = 'white\u00A0hare';
const PASSWORD_ZOE = 'To\u0308rtchen';
const STATIC_ALICE = goldenSecret('static_I');
const STATIC_ZOE = goldenSecret('static_R');
const CLOCK = 1_784_000_000_000;

export function makeGolden(): Json {
  const enrol = goldenEnrol();
  return {
    description:
      'One enrol and one later session, from the first byte to CLOSE. Alice (I) dials Zoë (R). Made by test/reference. Bytes are hex. ' +
      'Every secret is the first bytes of SHA-512 of "sotto/1 golden NAME"; X25519 secrets are shown before clamping, ' +
      'kem_seed is FIPS 203’s d || z, kem_message its m. A frame on the wire is the length of its body as u16 and its body.',
    safety_number: safetyNumber([ALICE, x25519Public(STATIC_ALICE)], [ZOE, x25519Public(STATIC_ZOE)]),
    enrol: enrol.json,
    session: goldenSession(enrol.pairPsk),
  };
}

function goldenEnrol(): { readonly json: Json; readonly pairPsk: Bytes } {
  const input = (name: string, length?: number): Bytes => goldenSecret(`enrol ${name}`, length);
  const [ephemeralI, kemSeed, pakeScalarI] = [
    input('ephemeral_I'),
    input('kem_seed_I', 64),
    input('pake_scalar_I'),
  ];
  const [ephemeralR, kemMessage, pakeScalarR] = [
    input('ephemeral_R'),
    input('kem_message_R'),
    input('pake_scalar_R'),
  ];
  const noted = noting();
  const { frames, initiator } = shakeHands(
    enrolInitiator(
      {
        user: ALICE,
        peer: ZOE,
        static: STATIC_ALICE,
        ownPassword: PASSWORD_ALICE,
        peerPassword: PASSWORD_ZOE,
        ephemeral: ephemeralI,
        kemSeed,
        pakeScalar: pakeScalarI,
      },
      noted.watch,
    ),
    enrolResponder(
      {
        user: ZOE,
        static: STATIC_ZOE,
        ownPassword: PASSWORD_ZOE,
        contacts: [{ user: ALICE, password: PASSWORD_ALICE }],
        processSecret: zeros(32),
        ephemeral: ephemeralR,
        kemMessage,
        pakeScalar: pakeScalarR,
      },
      noted.watch,
    ),
  );
  const talk = new Talk(initiator);
  talk.say('I', (side) => [readyOf(side, 'alice, enrol', 0)]);
  talk.say('R', (side) => [readyOf(side, 'zoë, enrol', 0)]);
  talk.say('I', () => [closeOf(0)]);
  talk.say('R', () => [closeOf(0)]);
  const json = {
    protocol: ENROL_PROTOCOL,
    preface: hex(ENROL_PREFACE),
    inputs: {
      user_I: ALICE,
      user_R: ZOE,
      password_I: PASSWORD_ALICE,
      password_R: PASSWORD_ZOE,
      ...hexOf({
        static_I: STATIC_ALICE,
        static_R: STATIC_ZOE,
        ephemeral_I: ephemeralI,
        kem_seed_I: kemSeed,
      }),
      ...hexOf({ pake_scalar_I: pakeScalarI, ephemeral_R: ephemeralR, kem_message_R: kemMessage }),
      ...hexOf({ pake_scalar_R: pakeScalarR }),
    },
    values: { ...hexOf({ pw_I: password(PASSWORD_ALICE), pw_R: password(PASSWORD_ZOE) }), ...noted.values },
    keys: hexOf(sessionKeys(initiator.ss)),
    frames: [...handshakeFrames(frames), ...talk.frames],
  };
  return { json, pairPsk: initiator.pairPsk ?? zeros(0) };
}

function goldenSession(psk: Bytes): Json {
  const input = (name: string, length?: number): Bytes => goldenSecret(`session ${name}`, length);
  const [ephemeralI, kemSeed] = [input('ephemeral_I'), input('kem_seed_I', 64)];
  const [ephemeralR, kemMessage] = [input('ephemeral_R'), input('kem_message_R')];
  const noted = noting();
  const [alicePublic, zoePublic] = [x25519Public(STATIC_ALICE), x25519Public(STATIC_ZOE)];
  const { frames, initiator } = shakeHands(
    sessionInitiator(
      {
        user: ALICE,
        peer: ZOE,
        static: STATIC_ALICE,
        pinnedKey: zoePublic,
        psk,
        ephemeral: ephemeralI,
        kemSeed,
      },
      noted.watch,
    ),
    sessionResponder(
      {
        user: ZOE,
        static: STATIC_ZOE,
        pins: [{ user: ALICE, key: alicePublic, psk }],
        processSecret: zeros(32),
        ephemeral: ephemeralR,
        kemMessage,
      },
      noted.watch,
    ),
  );
  const talk = new Talk(initiator);
  const rekey = sayAll(talk);
  return {
    protocol: SESSION_PROTOCOL,
    preface: hex(SESSION_PREFACE),
    inputs: {
      user_I: ALICE,
      user_R: ZOE,
      ...hexOf({
        static_I: STATIC_ALICE,
        static_R: STATIC_ZOE,
        pair_psk: psk,
        ephemeral_I: ephemeralI,
        kem_seed_I: kemSeed,
      }),
      ...hexOf({ ephemeral_R: ephemeralR, kem_message_R: kemMessage }),
    },
    values: noted.values,
    keys: hexOf(sessionKeys(initiator.ss)),
    rekey,
    frames: [...handshakeFrames(frames), ...talk.frames],
  };
}

/** What is said in the session, a key exchange in its middle; returns what that agreed on. */
function sayAll(talk: Talk): Json {
  talk.say('I', (side) => [readyOf(side, 'alice', 1)]);
  talk.say('I', (side) => [talk.message(side, 1, 'Hello, Zoë.')]);
  talk.say('R', (side) => [readyOf(side, 'zoë', 1)]);
  talk.say('R', (side) => [{ type: 'ACK', cumulative: 1n, exceptions: [] }, talk.message(side, 1, 'Hello!')]);
  talk.say('I', (side) => [
    { type: 'ACK', cumulative: 1n, exceptions: [] },
    talk.message(side, 2, 'Two in one record:'),
    talk.message(side, 3, 'one keystream, no gap.'),
  ]);
  talk.say('R', () => [{ type: 'ACK', cumulative: 3n, exceptions: [{ seq: 3n, status: 4 }] }]);

  const secrets = {
    ephemeral: goldenSecret('rekey ephemeral_I'),
    kemSeed: goldenSecret('rekey kem_seed_I', 64),
    kemMessage: goldenSecret('rekey kem_message_R'),
  };
  const ephemeralR = goldenSecret('rekey ephemeral_R');
  const noted = noting();
  let rekey1 = zeros(0);
  talk.say('I', (side) => {
    const item = side.beginRekey(secrets, noted.watch);
    if (item.type === 'REKEY1') rekey1 = item.message;
    return [item];
  });
  talk.say('R', (side) => side.answerRekey(rekey1, { ...secrets, ephemeral: ephemeralR }, noted.watch));
  talk.say('I', () => [{ type: 'KEYSWITCH' }]);

  talk.say('I', (side) => [talk.message(side, 4, 'Under new keys.')]);
  talk.say('R', (side) => [
    { type: 'ACK', cumulative: 4n, exceptions: [] },
    talk.message(side, 2, 'Here too.'),
  ]);
  talk.say('I', () => [{ type: 'ACK', cumulative: 2n, exceptions: [] }]);
  talk.say('I', () => [closeOf(4)]);
  talk.say('R', () => [closeOf(2)]);
  return {
    inputs: hexOf({
      ephemeral_I: secrets.ephemeral,
      kem_seed_I: secrets.kemSeed,
      ephemeral_R: ephemeralR,
      kem_message_R: secrets.kemMessage,
    }),
    values: noted.values,
    keys: hexOf(talk.keys),
  };
}

/** Both sides of a connection after its handshake, and the frames they have sent. */
class Talk {
  readonly frames: Json[] = [];
  readonly #sides: Readonly<Record<'I' | 'R', Session>>;
  /** What was noted while each envelope was sealed, by its text. */
  readonly #sealed = new Map<string, Json>();
  #early: Bytes | undefined;

  constructor(proven: { readonly h: Bytes; readonly ss: Bytes }) {
    this.#sides = { I: new Session('I', proven), R: new Session('R', proven) };
  }

  get keys(): Keys {
    return this.#sides.I.keys;
  }

  say(from: 'I' | 'R', items: (side: Session) => readonly Item[]): void {
    const [side, other] = from === 'I' ? [this.#sides.I, this.#sides.R] : [this.#sides.R, this.#sides.I];
    const sent = items(side);
    const record = { from, name: sent.map((item) => item.type).join(', '), n: Number(side.out.n) };
    const body = side.send(...sent);
    this.#deliver(other, body);
    const shown = sent.map((item) => ({
      ...itemAsJson(item),
      ...(item.type === 'MSG' && this.#sealed.get(hex(item.envelope))),
    }));
    this.frames.push({
      ...record,
      items: shown,
      plaintext: hex(padded(sent.map(writeItemBody))),
      body: hex(body),
    });
  }

  /** R reads what comes after I's READY only when it has sent its own (spec/03 "READY"). */
  #deliver(to: Session, body: Bytes): void {
    const isEarly = to.role === 'R' && to.peerReady !== undefined && to.ownReady === undefined;
    if (isEarly) {
      this.#early = body;
      return;
    }
    to.receive(body);
    if (to.role === 'I' && this.#early !== undefined) this.#sides.R.receive(this.#early);
    this.#early = undefined;
  }

  message(side: Session, seq: number, text: string): Item {
    const noted = noting();
    const timestamp = CLOCK + 1000 * seq;
    const header = { timestamp, id: idOf(timestamp, `id of ${side.role} message ${seq}`), seq, type: 'text' };
    const item = side.seal({ header, plaintext: utf8(text) }, noted.watch);
    if (item.type !== 'MSG') throw new Error('what is sealed is a MSG');
    const envelope = asText(item.envelope);
    const { crc } = (JSON.parse(envelope) as { readonly header: { readonly crc: number } }).header;
    this.#sealed.set(hex(item.envelope), { text, ...noted.values, crc, envelope });
    return item;
  }
}

function readyOf(side: Session, owner: string, seq: number): Item {
  const isI = side.role === 'I';
  const ready: Ready = {
    status: 0,
    clock: BigInt(CLOCK + (isI ? 0 : 250)),
    version: 1,
    caps: isI ? 0 : 1,
    myEpoch: goldenSecret(`epoch of ${owner}`, 16),
    yourEpoch: zeros(16),
    stored: 0n,
    storedId: zeros(16),
    first: 1n,
    last: BigInt(isI ? seq * 3 : seq),
  };
  return { type: 'READY', ready };
}

const closeOf = (lastSeq: number): Item => ({ type: 'CLOSE', code: 0, lastSeq: BigInt(lastSeq) });

/** A UUIDv7. */
function idOf(timestamp: number, name: string): string {
  const random = hex(goldenSecret(name, 10));
  const id = `${hex(integer(timestamp, 6))}7${random.slice(1, 4)}8${random.slice(5)}`;
  return id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const asText = (bytes: Bytes): string => String.fromCharCode(...bytes);

const hexOf = (values: Readonly<Record<string, Bytes>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, hex(value)]));

/** What only the wrong peers of the kit need. */
const HOOKS = new Set(['Tb received', 'own key']);

function noting() {
  const values: Record<string, string> = {};
  const watch: Watch = (name, value) => {
    if (!HOOKS.has(name)) values[name] = hex(value);
    return value;
  };
  return { values, watch };
}

const NAMES = ['message 1', 'message 2', 'message 3', 'PAKE1', 'PAKE2', 'PAKE3'];
const SENDERS = ['I', 'R', 'I', 'I', 'R', 'I'];

const handshakeFrames = (bodies: readonly Bytes[]): Json[] =>
  bodies.map((body, at) => ({ from: SENDERS[at], name: NAMES[at], body: hex(body) }));
