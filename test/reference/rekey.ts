import { type Bytes, concat, cut, utf8, zeros } from './bytes.ts';
import { expand, extract, hmac } from './hash.ts';
import { type Keys, sessionKeys } from './keys.ts';
import { decapsulate, encapsulate, kemKeys } from './ml-kem.ts';
import { SymmetricState } from './noise.ts';
import { type Watch, Refused } from './refused.ts';
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
  watch: Watch,
): Generator<Bytes, Agreed, Bytes> {
  const noise = begin(watch('h', h), watch('psk', psk));

  // -> psk, e, e1
  const e = watch("e of I'", x25519Public(secrets.ephemeral));
  noise.mixHash(e);
  noise.mixKey(e);
  const kem = kemKeys(secrets.kemSeed);
  const rekey1 = concat(e, noise.encryptAndHash(watch("e1'", kem.publicKey)), noise.encryptAndHash(zeros(0)));

  // <- e, ee, ekem1
  const rekey2 = yield rekey1;
  return asRekey(() => {
    const [re, ciphertext, payload] = cut(rekey2, 32, 1104, 16) as [Bytes, Bytes, Bytes];
    noise.mixHash(checkPoint(re));
    noise.mixKey(re);
    noise.mixKey(watch("ee'", dh(secrets.ephemeral, re)));
    noise.mixKey(decapsulate(noise.decryptAndHash(ciphertext), kem.secretKey));
    noise.decryptAndHash(payload);
    return agree(noise, watch);
  });
}

/** REKEY2, and what it agrees on. */
export function rekeyResponder(
  h: Bytes,
  psk: Bytes,
  secrets: { readonly ephemeral: Bytes; readonly kemMessage: Bytes },
  rekey1: Bytes,
  watch: Watch,
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
    const e = watch("e of R'", x25519Public(secrets.ephemeral));
    noise.mixHash(e);
    noise.mixKey(e);
    noise.mixKey(dh(secrets.ephemeral, re));
    const ciphertext = noise.encryptAndHash(watch("ekem1'", kem.ciphertext));
    noise.mixKey(watch("KEM secret'", kem.secret));
    const rekey2 = concat(e, ciphertext, noise.encryptAndHash(zeros(0)));
    return { rekey2, agreed: agree(noise, watch) };
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

function agree(noise: SymmetricState, watch: Watch): Agreed {
  const exs = hmac(noise.ck, utf8('sotto/1 exporter'));
  const prk = extract(noise.h, exs);
  const ss = expand(prk, 'session', 32);
  watch("h'", noise.h);
  watch("ck'", noise.ck);
  watch("EXS'", exs);
  watch("PRK'", prk);
  watch("SS'", ss);
  return { h: noise.h, ss, keys: sessionKeys(ss) };
}
