import { type Bytes, concat, cut, equal, lv, lvCat, u8, utf8, zeros } from './bytes.ts';
import { generator, intermediateKey } from './cpace.ts';
import { ENROL_PREFACE } from './frames.ts';
import { expand, extract, hmac } from './hash.ts';
import { password, readNames, writeNames } from './identities.ts';
import { decapsulate, encapsulate, kemKeys } from './ml-kem.ts';
import { open, seal, SymmetricState } from './noise.ts';
import { demand, type Watch, Refused } from './refused.ts';
import { checkPoint, dh, x25519Public } from './x25519.ts';

// spec/02 §4.

export const ENROL_PROTOCOL = 'Noise_XXhfs_25519+MLKEM768_ChaChaPoly_SHA256';
export const VERSION = 1;

/** The frame bodies to send now, and the length of the one that must come next. */
export interface Step {
  readonly send: readonly Bytes[];
  readonly needs: number;
}

/** What comes out of either handshake (spec/02 §6); `send` goes out before anything else. */
export interface Proven {
  readonly send: readonly Bytes[];
  readonly peer: string;
  readonly peerStatic: Bytes;
  readonly h: Bytes;
  readonly ss: Bytes;
  readonly pairPsk?: Bytes;
}

export type Handshake = Generator<Step, Proven, Bytes>;

export interface EnrolInitiator {
  readonly user: string;
  readonly peer: string;
  readonly static: Bytes;
  readonly ownPassword: string;
  readonly peerPassword: string;
  /** The `key` of the peer's directory entry. */
  readonly peerKey?: Bytes | undefined;
  readonly ephemeral: Bytes;
  readonly kemSeed: Bytes;
  readonly pakeScalar: Bytes;
}

export interface EnrolResponder {
  readonly user: string;
  readonly static: Bytes;
  readonly ownPassword: string;
  readonly contacts: readonly {
    readonly user: string;
    readonly password: string;
    readonly key?: Bytes | undefined;
  }[];
  readonly processSecret: Bytes;
  readonly ephemeral: Bytes;
  readonly kemMessage: Bytes;
  readonly pakeScalar: Bytes;
}

export const prologue = (preface: Bytes): Bytes => concat(utf8('sotto/1'), u8(0), preface);

export const decryptFailed = (): Error => new Refused('handshake-decrypt');

export function* enrolInitiator(me: EnrolInitiator, watch: Watch): Handshake {
  const noise = new SymmetricState(ENROL_PROTOCOL, watch('prologue', prologue(ENROL_PREFACE)), decryptFailed);

  // -> e, e1
  const e = watch('e of I', x25519Public(me.ephemeral));
  noise.mixHash(e);
  const kem = kemKeys(me.kemSeed);
  const message1 = concat(
    e,
    noise.encryptAndHash(watch('e1', kem.publicKey)),
    noise.encryptAndHash(zeros(0)),
  );
  watch('h after message 1', noise.h);

  // <- e, ee, ekem1, s, es
  const message2 = yield { send: [message1], needs: 1200 };
  const [re, ciphertext, s, payload2] = cut(message2, 32, 1104, 48, 16) as [Bytes, Bytes, Bytes, Bytes];
  noise.mixHash(checkPoint(re));
  noise.mixKey(watch('ee', dh(me.ephemeral, re)));
  noise.mixKey(decapsulate(noise.decryptAndHash(ciphertext), kem.secretKey));
  const peerStatic = checkPoint(noise.decryptAndHash(s));
  noise.mixKey(watch('es', dh(me.ephemeral, peerStatic)));
  noise.decryptAndHash(payload2);
  watch('h after message 2', noise.h);
  demand(!equal(peerStatic, watch('own key', x25519Public(me.static))), 'handshake-self');
  demand(me.peerKey === undefined || equal(peerStatic, me.peerKey), 'handshake-key');

  // -> s, se
  const encryptedStatic = noise.encryptAndHash(watch('s of I', x25519Public(me.static)));
  noise.mixKey(watch('se', dh(me.static, re)));
  const message3 = concat(encryptedStatic, noise.encryptAndHash(zeros(0)));
  const { h, ck } = noise;
  const [toR, toI] = noise.split();
  watch('h after message 3', h);
  watch('ck after message 3', ck);
  watch('Split key I>R', toR);
  watch('Split key R>I', toI);

  // PAKE1
  const g = proofGenerator(me.ownPassword, me.peerPassword, me.user, me.peer, h, watch);
  const ya = dh(me.pakeScalar, g);
  const pake1 = watch('PAKE1', concat(u8(0x01), writeNames(me.user, me.peer), ya));

  // PAKE2
  const pake2 = yield { send: [message3, seal(toR, 0n, zeros(0), pake1)], needs: 81 };
  const [type, yb, tagR] = cut(openPake(toI, 0n, pake2), 1, 32, 32) as [Bytes, Bytes, Bytes];
  demand(equal(type, u8(0x02)), 'handshake-payload');
  const keys = confirmationKeys(dh(me.pakeScalar, yb), ya, yb, h, ck, watch);
  demand(equal(watch('Tb received', tagR), keys.tagR), 'pake-confirm');

  // PAKE3, after the commit of the pin
  const pake3 = seal(toR, 1n, zeros(0), watch('PAKE3', concat(u8(0x03), keys.tagI)));
  return { send: [pake3], peer: me.peer, peerStatic, h, ss: keys.ss, pairPsk: keys.pairPsk };
}

export function* enrolResponder(me: EnrolResponder, watch: Watch): Handshake {
  const noise = new SymmetricState(ENROL_PROTOCOL, watch('prologue', prologue(ENROL_PREFACE)), decryptFailed);

  // -> e, e1
  const message1 = yield { send: [], needs: 1216 };
  const [re, encryptedKemKey] = cut(message1, 32, 1184) as [Bytes, Bytes];
  noise.mixHash(checkPoint(re));
  const kemKey = noise.decryptAndHash(encryptedKemKey);
  noise.decryptAndHash(zeros(0));
  const kem = encapsulate(kemKey, me.kemMessage);

  // <- e, ee, ekem1, s, es
  const e = watch('e of R', x25519Public(me.ephemeral));
  noise.mixHash(e);
  noise.mixKey(dh(me.ephemeral, re));
  const ciphertext = noise.encryptAndHash(watch('ekem1', kem.ciphertext));
  noise.mixKey(watch('KEM secret', kem.secret));
  const encryptedStatic = noise.encryptAndHash(watch('s of R', x25519Public(me.static)));
  noise.mixKey(dh(me.static, re));
  const message2 = concat(e, ciphertext, encryptedStatic, noise.encryptAndHash(zeros(0)));

  // -> s, se
  const message3 = yield { send: [message2], needs: 64 };
  const [s, payload3] = cut(message3, 48, 16) as [Bytes, Bytes];
  const peerStatic = checkPoint(noise.decryptAndHash(s));
  noise.mixKey(dh(me.ephemeral, peerStatic));
  noise.decryptAndHash(payload3);
  demand(!equal(peerStatic, watch('own key', x25519Public(me.static))), 'handshake-self');
  const { h, ck } = noise;
  const [toR, toI] = noise.split();

  // PAKE1
  const pake1 = yield { send: [], needs: 181 };
  const [type1, names, ya] = cut(openPake(toR, 0n, pake1), 1, 132, 32) as [Bytes, Bytes, Bytes];
  demand(equal(type1, u8(0x01)), 'handshake-payload');
  const { userI, userR } = readNames(names);
  const passwordI = knownPassword(me, userI, userR, peerStatic);

  // PAKE2
  const g =
    passwordI === undefined
      ? proofGenerator(
          unknownPassword(me, userI, userR, 'I'),
          unknownPassword(me, userI, userR, 'R'),
          userI,
          userR,
          h,
          watch,
        )
      : proofGenerator(passwordI, me.ownPassword, userI, userR, h, watch);
  const yb = dh(me.pakeScalar, g);
  const keys = confirmationKeys(dh(me.pakeScalar, ya), ya, yb, h, ck, watch);
  const pake2 = seal(toI, 0n, zeros(0), watch('PAKE2', concat(u8(0x02), yb, keys.tagR)));

  // PAKE3
  const pake3 = yield { send: [pake2], needs: 49 };
  const [type3, tagI] = cut(openPake(toR, 1n, pake3), 1, 32) as [Bytes, Bytes];
  demand(equal(type3, u8(0x03)), 'handshake-payload');
  demand(equal(tagI, keys.tagI) && passwordI !== undefined, 'pake-confirm');
  return { send: [], peer: userI, peerStatic, h, ss: keys.ss, pairPsk: keys.pairPsk };
}

function openPake(key: Bytes, n: bigint, body: Bytes): Bytes {
  const plaintext = open(key, n, zeros(0), body);
  demand(plaintext !== undefined, 'handshake-decrypt');
  return plaintext;
}

/** The password of user_I when this pair may enrol. */
function knownPassword(
  me: EnrolResponder,
  userI: string,
  userR: string,
  peerStatic: Bytes,
): string | undefined {
  const contact = me.contacts.find((entry) => entry.user === userI);
  if (contact === undefined || userR !== me.user || userI === me.user) return undefined;
  return contact.key === undefined || equal(contact.key, peerStatic) ? contact.password : undefined;
}

/** Spec/02 §4.3: any bytes that nobody knows will do, one for each password. */
const unknownPassword = (me: EnrolResponder, userI: string, userR: string, whose: string): Bytes =>
  hmac(me.processSecret, concat(lv(utf8(userI), utf8(userR)), utf8(whose)));

/** spec/02 §4.1 up to g. */
function proofGenerator(
  pwI: string | Bytes,
  pwR: string | Bytes,
  userI: string,
  userR: string,
  h: Bytes,
  watch: Watch,
): Bytes {
  const passwords = [pwI, pwR].map((text) => (typeof text === 'string' ? password(text) : text));
  const names = [utf8(userI), utf8(userR)];
  const prs = watch('PRS', expand(extract(utf8('sotto/1 prs'), lv(...passwords)), lv(...names), 32));
  const ci = watch('CI', lvCat(...names));
  const sid = watch('sid', h);
  const g = watch('g', generator(prs, ci, sid));
  return g;
}

/** spec/02 §4.1 from K, and §4.2. */
function confirmationKeys(k: Bytes, ya: Bytes, yb: Bytes, h: Bytes, ck: Bytes, watch: Watch) {
  const transcript = watch(
    'transcript',
    concat(lvCat(ya, ENROL_PREFACE), lvCat(yb, concat(utf8('sotto/1 R'), u8(VERSION)))),
  );
  const isk = intermediateKey(h, k, transcript);
  const exs = hmac(ck, utf8('sotto/1 exporter'));
  const prk = extract(isk, concat(exs, h));
  const tagR = hmac(expand(prk, 'conf R', 32), concat(utf8('R'), h, transcript));
  const tagI = hmac(expand(prk, 'conf I', 32), concat(utf8('I'), h, transcript));
  const pairPsk = expand(prk, 'pair psk', 32);
  const ss = expand(prk, 'session', 32);
  watch('Ya', ya);
  watch('Yb', yb);
  watch('K', k);
  watch('ISK', isk);
  watch('EXS', exs);
  watch('PRK', prk);
  watch('Tb', tagR);
  watch('Ta', tagI);
  watch('pair_psk', pairPsk);
  watch('SS', ss);
  return { tagR, tagI, pairPsk, ss };
}
