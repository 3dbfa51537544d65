import { type Bytes, concat, cut, utf8, zeros } from './bytes.ts';
import { expand, extract, hmac } from './hash.ts';
import { type Keys, sessionKeys } from './keys.ts';
import { decapsulate, encapsulate, kemKeys } from './ml-kem.ts';
import { SymmetricState } from './noise.ts';
import { type Note, Refused } from './refused.ts';
import { checkPoint, dh, x25519Public } from './x25519.ts';

// spec/03 "By a key exchange".

const PROTOCOL = 'Noise_NNhfs+psk0_25519+MLKEM768_ChaChaPoly_SHA256';

/** What the exchange agrees on. */
export interface Agreed {
  readonly h: Bytes;
  readonly ss: Bytes;
  readonly keys: Keys;
}

/** `h` and `psk` (the key named rekey) are those in force. */
function begin(h: Bytes, psk: Bytes): SymmetricState {
  const noise = new SymmetricState(
    PROTOCOL,
    concat(utf8('sotto/1 rekey'), h),
    () => new Refused('rekey-failed'),
  );
  noise.mixKeyAndHash(psk);
  return noise;
}

/** Yields REKEY1 and is given REKEY2. */
export function* rekeyInitiator(
  h: Bytes,
  psk: Bytes,
  secrets: { readonly ephemeral: Bytes; readonly kemSeed: Bytes },
  note: Note,
): Generator<Bytes, Agreed, Bytes> {
  const noise = begin(h, psk);

  // -> psk, e, e1
  const e = x25519Public(secrets.ephemeral);
  noise.mixHash(e);
  noise.mixKey(e);
  const kem = kemKeys(secrets.kemSeed);
  const rekey1 = concat(e, noise.encryptAndHash(kem.publicKey), noise.encryptAndHash(zeros(0)));

  // <- e, ee, ekem1
  const rekey2 = yield rekey1;
  return asRekey(() => {
    const [re, ciphertext, payload] = cut(rekey2, 32, 1104, 16) as [Bytes, Bytes, Bytes];
    noise.mixHash(checkPoint(re));
    noise.mixKey(re);
    noise.mixKey(dh(secrets.ephemeral, re));
    noise.mixKey(decapsulate(noise.decryptAndHash(ciphertext), kem.secretKey));
    noise.decryptAndHash(payload);
    return agree(noise, note);
  });
}

/** REKEY2, and what it agrees on. */
export function rekeyResponder(
  h: Bytes,
  psk: Bytes,
  secrets: { readonly ephemeral: Bytes; readonly kemMessage: Bytes },
  rekey1: Bytes,
): { readonly rekey2: Bytes; readonly agreed: Agreed } {
  return asRekey(() => {
    const noise = begin(h, psk);

    // -> psk, e, e1
    const [re, encryptedKemKey, payload] = cut(rekey1, 32, 1200, 16) as [Bytes, Bytes, Bytes];
    noise.mixHash(checkPoint(re));
    noise.mixKey(re);
    const kemKey = noise.decryptAndHash(encryptedKemKey);
    noise.decryptAndHash(payload);
    const kem = encapsulate(kemKey, secrets.kemMessage);

    // <- e, ee, ekem1
    const e = x25519Public(secrets.ephemeral);
    noise.mixHash(e);
    noise.mixKey(e);
    noise.mixKey(dh(secrets.ephemeral, re));
    const ciphertext = noise.encryptAndHash(kem.ciphertext);
    noise.mixKey(kem.secret);
    const rekey2 = concat(e, ciphertext, noise.encryptAndHash(zeros(0)));
    return { rekey2, agreed: agree(noise, () => undefined) };
  });
}

/** An unusable key has the one code of a rekey (spec/03, rule 5). */
function asRekey<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof Refused ? new Refused('rekey-failed') : error;
  }
}

function agree(noise: SymmetricState, note: Note): Agreed {
  const exs = hmac(noise.ck, utf8('sotto/1 exporter'));
  const prk = extract(noise.h, exs);
  const ss = expand(prk, 'session', 32);
  note("h'", noise.h);
  note("ck'", noise.ck);
  note("EXS'", exs);
  note("PRK'", prk);
  note("SS'", ss);
  return { h: noise.h, ss, keys: sessionKeys(ss) };
}
