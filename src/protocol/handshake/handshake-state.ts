import {
  concatBytes,
  failure,
  success,
  wipe,
  type Bytes,
  type Failure,
  type Result,
} from '../../base/index.ts';
import type { Entropy, Primitives, X25519KeyPair } from '../../crypto/index.ts';
import type { CipherState } from './cipher-state.ts';
import { sharedSecret } from './curve.ts';
import type { HandshakePattern, MessagePattern, Role, Token } from './pattern.ts';
import { SymmetricState } from './symmetric-state.ts';

const DH_LENGTH = 32;
const TAG_LENGTH = 16;
const KEM_PUBLIC_LENGTH = 1184;
const KEM_CIPHERTEXT_LENGTH = 1088;

/** A psk of 32 bytes, or how to find it by the peer's static key; asked when the psk token is met. */
export type PskSource = (remoteStatic: Bytes | undefined) => Bytes;

export interface NoiseOptions {
  readonly primitives: Primitives;
  readonly entropy: Entropy;
  readonly pattern: HandshakePattern;
  /** What follows the pattern in the protocol name, such as `25519+MLKEM768_ChaChaPoly_SHA256`. */
  readonly algorithms: string;
  readonly role: Role;
  readonly prologue: Bytes;
  readonly localStatic?: X25519KeyPair;
  readonly remoteStatic?: Bytes;
  /** In the order of the psk tokens. */
  readonly psks?: readonly (Bytes | PskSource)[];
}

/** A token's outcome: what was written or read, or the peer's fault. */
type Fault = Failure | undefined;

/**
 * Noise's HandshakeState (§5.3), driven by the pattern's tokens, with psk (§9) and the hfs tokens e1 and ekem1
 * (noise_hfs_spec, a KEM in ML-KEM's form). A message that fails kills the state: it gives no output any more.
 */
export class HandshakeState {
  readonly #options: NoiseOptions;
  readonly #symmetric: SymmetricState;
  readonly #psks: (Bytes | PskSource)[];
  #index = 0;
  #e: X25519KeyPair | undefined;
  #re: Bytes | undefined;
  #rs: Bytes | undefined;
  #kemSeed: Bytes | undefined;
  #rKem: Bytes | undefined;
  #dead: Failure | undefined;

  constructor(options: NoiseOptions) {
    this.#options = options;
    this.#rs = options.remoteStatic;
    this.#psks = [...(options.psks ?? [])];
    this.#symmetric = new SymmetricState(
      options.primitives,
      `Noise_${options.pattern.name}_${options.algorithms}`,
    );
    this.#symmetric.mixHash(options.prologue);
    for (const { sender } of options.pattern.preMessages) this.#symmetric.mixHash(this.#knownStatic(sender));
  }

  /** The peer's static key, once it is known. */
  get remoteStatic(): Bytes | undefined {
    return this.#rs;
  }

  get handshakeHash(): Bytes {
    return this.#symmetric.handshakeHash;
  }

  /** ck. Secret: it goes into the exporter and is wiped. */
  get chainingKey(): Bytes {
    return this.#symmetric.chainingKey;
  }

  /** The exact length of the next message, whoever sends it, with a payload of `payloadLength` bytes. */
  messageLength(payloadLength: number): number {
    let keyed = this.#symmetric.hasKey();
    let length = 0;
    const tag = (): number => (keyed ? TAG_LENGTH : 0);
    for (const token of this.#current().tokens) {
      if (token === 'e') {
        length += DH_LENGTH;
        keyed ||= this.#options.pattern.hasPsk;
      } else if (token === 's') length += DH_LENGTH + tag();
      else if (token === 'e1') length += KEM_PUBLIC_LENGTH + tag();
      else {
        if (token === 'ekem1') length += KEM_CIPHERTEXT_LENGTH + tag();
        keyed = true;
      }
    }
    return length + payloadLength + tag();
  }

  /** Fails with handshake-point when a key that the peer sent earlier turns out to be unusable. */
  writeMessage(payload: Bytes): Result<Bytes> {
    const message = this.#begin(this.#options.role);
    if (this.#dead !== undefined) return { ok: false, failure: this.#dead };
    const parts: Bytes[] = [];
    for (const token of message.tokens) {
      const fault = this.#writeToken(token, parts);
      if (fault !== undefined) return this.#die(fault);
    }
    parts.push(this.#symmetric.encryptAndHash(payload));
    this.#index++;
    return success(concatBytes(...parts));
  }

  /** The payload. Fails with handshake-point or handshake-decrypt. */
  readMessage(message: Bytes): Result<Bytes> {
    const { tokens } = this.#begin(this.#options.role === 'initiator' ? 'responder' : 'initiator');
    if (this.#dead !== undefined) return { ok: false, failure: this.#dead };
    if (message.length < this.messageLength(0)) return this.#die(UNDECRYPTABLE);
    let rest = message;
    const take = (length: number): Bytes => {
      // A copy: the bytes came in a buffer that the caller may use again.
      const taken = new Uint8Array(rest.subarray(0, length));
      rest = rest.subarray(length);
      return taken;
    };
    for (const token of tokens) {
      const fault = this.#readToken(token, take);
      if (fault !== undefined) return this.#die(fault);
    }
    const payload = this.#symmetric.decryptAndHash(rest);
    if (payload === undefined) return this.#die(UNDECRYPTABLE);
    this.#index++;
    return success(payload);
  }

  /** After the last message: the initiator's sending cipher, then the responder's. */
  split(): readonly [CipherState, CipherState] {
    if (this.#dead !== undefined || this.#index < this.#options.pattern.messages.length) {
      throw new Error('split of an unfinished handshake');
    }
    return this.#symmetric.split();
  }

  wipe(): void {
    this.#symmetric.wipe();
    wipe(this.#e?.secret, this.#kemSeed);
    this.#dead ??= UNDECRYPTABLE;
  }

  #writeToken(token: Token, parts: Bytes[]): Fault {
    const { entropy } = this.#options;
    switch (token) {
      case 'e':
        this.#e = generate(this.#options);
        this.#mixEphemeral(this.#e.publicKey);
        parts.push(this.#e.publicKey);
        return undefined;
      case 's':
        parts.push(this.#symmetric.encryptAndHash(this.#localStatic().publicKey));
        return undefined;
      case 'e1': {
        const { seed, publicKey } = entropy.mlKem768KeyPair();
        this.#kemSeed = seed;
        parts.push(this.#symmetric.encryptAndHash(publicKey));
        return undefined;
      }
      case 'ekem1': {
        const sealed = entropy.mlKem768Encapsulate(known(this.#rKem));
        if (sealed === undefined) return BAD_POINT;
        parts.push(this.#symmetric.encryptAndHash(sealed.ciphertext));
        this.#mixSecret(sealed.sharedSecret);
        return undefined;
      }
      default:
        return this.#mixToken(token);
    }
  }

  #readToken(token: Token, take: (length: number) => Bytes): Fault {
    const tag = this.#symmetric.hasKey() ? TAG_LENGTH : 0;
    switch (token) {
      case 'e':
        this.#re = take(DH_LENGTH);
        this.#mixEphemeral(this.#re);
        return undefined;
      case 's':
        this.#rs = this.#symmetric.decryptAndHash(take(DH_LENGTH + tag));
        return this.#rs === undefined ? UNDECRYPTABLE : undefined;
      case 'e1':
        this.#rKem = this.#symmetric.decryptAndHash(take(KEM_PUBLIC_LENGTH + tag));
        return this.#rKem === undefined ? UNDECRYPTABLE : undefined;
      case 'ekem1': {
        const ciphertext = this.#symmetric.decryptAndHash(take(KEM_CIPHERTEXT_LENGTH + tag));
        if (ciphertext === undefined) return UNDECRYPTABLE;
        const secret = this.#options.primitives.mlKem768Decapsulate(known(this.#kemSeed), ciphertext);
        return this.#mixSecret(secret);
      }
      default:
        return this.#mixToken(token);
    }
  }

  /** The tokens that both sides do alike. The first letter is the initiator's key, the second the responder's. */
  #mixToken(token: 'ee' | 'es' | 'se' | 'ss' | 'psk'): Fault {
    if (token === 'psk') {
      const psk = known(this.#psks.shift());
      this.#symmetric.mixKeyAndHash(typeof psk === 'function' ? psk(this.#rs) : psk);
      return undefined;
    }
    const mine = this.#options.role === 'initiator' ? token[0] : token[1];
    const theirs = this.#options.role === 'initiator' ? token[1] : token[0];
    const local = mine === 'e' ? known(this.#e) : this.#localStatic();
    const remote = known(theirs === 'e' ? this.#re : this.#rs);
    return this.#mixSecret(sharedSecret(this.#options.primitives, local.secret, remote));
  }

  #mixSecret(secret: Bytes | undefined): Fault {
    if (secret === undefined) return BAD_POINT;
    this.#symmetric.mixKey(secret);
    wipe(secret);
    return undefined;
  }

  /** In a psk handshake the ephemeral is mixed into the key as well (§9.2). */
  #mixEphemeral(publicKey: Bytes): void {
    this.#symmetric.mixHash(publicKey);
    if (this.#options.pattern.hasPsk) this.#symmetric.mixKey(publicKey);
  }

  #begin(sender: Role): MessagePattern {
    const message = this.#current();
    if (message.sender !== sender) throw new Error('the other side sends this handshake message');
    return message;
  }

  #current(): MessagePattern {
    return known(this.#options.pattern.messages[this.#index]);
  }

  #die(fault: Failure): { readonly ok: false; readonly failure: Failure } {
    this.#dead = fault;
    this.wipe();
    return { ok: false, failure: fault };
  }

  #localStatic(): X25519KeyPair {
    return known(this.#options.localStatic);
  }

  #knownStatic(owner: Role): Bytes {
    return owner === this.#options.role ? this.#localStatic().publicKey : known(this.#rs);
  }
}

const UNDECRYPTABLE = failure('handshake-decrypt', 'A handshake message does not decrypt.').failure;
const BAD_POINT = failure(
  'handshake-point',
  'A key in the handshake is unusable: low order or malformed.',
).failure;

function generate({ entropy, primitives }: NoiseOptions): X25519KeyPair {
  if (entropy.x25519KeyPair) return entropy.x25519KeyPair();
  const secret = entropy.bytes(DH_LENGTH);
  return { secret, publicKey: primitives.x25519PublicKey(secret) };
}

function known<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('the handshake pattern needs a key that was not given');
  return value;
}
