import { type Bytes, concat, cut, equal, utf8, zeros } from './bytes.ts';
import { decryptFailed, type Handshake, prologue } from './enrol.ts';
import { SESSION_PREFACE } from './frames.ts';
import { expand, extract, hmac } from './hash.ts';
import { readNames, writeNames } from './identities.ts';
import { decapsulate, encapsulate, kemKeys } from './ml-kem.ts';
import { SymmetricState } from './noise.ts';
import { demand, type Watch } from './refused.ts';
import { checkPoint, dh, x25519Public } from './x25519.ts';

// spec/02 §5.

export const SESSION_PROTOCOL = 'Noise_XKhfs+psk3_25519+MLKEM768_ChaChaPoly_SHA256';

export interface SessionInitiator {
  readonly user: string;
  readonly peer: string;
  readonly static: Bytes;
  /** The pin: the peer's static key and the psk of the pair. */
  readonly pinnedKey: Bytes;
  readonly psk: Bytes;
  readonly ephemeral: Bytes;
  readonly kemSeed: Bytes;
}

export interface SessionResponder {
  readonly user: string;
  readonly static: Bytes;
  readonly pins: readonly { readonly user: string; readonly key: Bytes; readonly psk: Bytes }[];
  readonly processSecret: Bytes;
  readonly ephemeral: Bytes;
  readonly kemMessage: Bytes;
}

export function* sessionInitiator(me: SessionInitiator, watch: Watch): Handshake {
  const noise = new SymmetricState(
    SESSION_PROTOCOL,
    watch('prologue', prologue(SESSION_PREFACE)),
    decryptFailed,
  );
  noise.mixHash(me.pinnedKey);

  // -> e, es, e1
  const e = watch('e of I', x25519Public(me.ephemeral));
  noise.mixHash(e);
  noise.mixKey(e);
  noise.mixKey(watch('es', dh(me.ephemeral, me.pinnedKey)));
  const kem = kemKeys(me.kemSeed);
  const message1 = concat(
    e,
    noise.encryptAndHash(watch('e1', kem.publicKey)),
    noise.encryptAndHash(zeros(0)),
  );
  watch('h after message 1', noise.h);

  // <- e, ee, ekem1
  const message2 = yield { send: [message1], needs: 1152 };
  const [re, ciphertext, payload2] = cut(message2, 32, 1104, 16) as [Bytes, Bytes, Bytes];
  noise.mixHash(checkPoint(re));
  noise.mixKey(re);
  noise.mixKey(watch('ee', dh(me.ephemeral, re)));
  noise.mixKey(decapsulate(noise.decryptAndHash(ciphertext), kem.secretKey));
  noise.decryptAndHash(payload2);
  watch('h after message 2', noise.h);

  // -> s, se, psk
  const encryptedStatic = noise.encryptAndHash(watch('s of I', x25519Public(me.static)));
  noise.mixKey(watch('se', dh(me.static, re)));
  noise.mixKeyAndHash(me.psk);
  const message3 = concat(
    encryptedStatic,
    noise.encryptAndHash(watch('names', writeNames(me.user, me.peer))),
  );
  const ss = sessionSecret(noise, watch);
  return { send: [message3], peer: me.peer, peerStatic: me.pinnedKey, h: noise.h, ss };
}

export function* sessionResponder(me: SessionResponder, watch: Watch): Handshake {
  const noise = new SymmetricState(
    SESSION_PROTOCOL,
    watch('prologue', prologue(SESSION_PREFACE)),
    decryptFailed,
  );
  noise.mixHash(x25519Public(me.static));

  // -> e, es, e1
  const message1 = yield { send: [], needs: 1248 };
  const [re, encryptedKemKey, payload1] = cut(message1, 32, 1200, 16) as [Bytes, Bytes, Bytes];
  noise.mixHash(checkPoint(re));
  noise.mixKey(re);
  noise.mixKey(dh(me.static, re));
  const kemKey = noise.decryptAndHash(encryptedKemKey);
  noise.decryptAndHash(payload1);
  const kem = encapsulate(kemKey, me.kemMessage);

  // <- e, ee, ekem1
  const e = watch('e of R', x25519Public(me.ephemeral));
  noise.mixHash(e);
  noise.mixKey(e);
  noise.mixKey(dh(me.ephemeral, re));
  const ciphertext = noise.encryptAndHash(watch('ekem1', kem.ciphertext));
  noise.mixKey(watch('KEM secret', kem.secret));
  const message2 = concat(e, ciphertext, noise.encryptAndHash(zeros(0)));

  // -> s, se, psk
  const message3 = yield { send: [message2], needs: 196 };
  const [s, payload3] = cut(message3, 48, 148) as [Bytes, Bytes];
  const peerStatic = checkPoint(noise.decryptAndHash(s));
  const pin = me.pins.find((known) => equal(known.key, peerStatic));
  noise.mixKey(dh(me.ephemeral, peerStatic));
  noise.mixKeyAndHash(pin?.psk ?? hmac(me.processSecret, peerStatic));
  const { userI, userR } = readNames(noise.decryptAndHash(payload3));
  demand(userI === pin?.user && userR === me.user, 'handshake-names');
  return { send: [], peer: userI, peerStatic, h: noise.h, ss: sessionSecret(noise, watch) };
}

function sessionSecret(noise: SymmetricState, watch: Watch): Bytes {
  const exs = hmac(noise.ck, utf8('sotto/1 exporter'));
  const prk = extract(noise.h, exs);
  const ss = expand(prk, 'session', 32);
  watch('h after message 3', noise.h);
  watch('ck after message 3', noise.ck);
  watch('EXS', exs);
  watch('PRK', prk);
  watch('SS', ss);
  return ss;
}
