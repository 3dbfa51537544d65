import { createCipheriv, createHmac, randomBytes, randomUUID, type Cipheriv } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { concatBytes, encodeUtf8, success, Writer, type Bytes } from '../../src/base/index.ts';
import type { X25519KeyPair } from '../../src/crypto/index.ts';
import { nativePrimitives, systemEntropy } from '../../src/primitives/index.ts';
import {
  enrolInitiator,
  enrolResponder,
  sessionInitiator,
  sessionResponder,
  type Established,
  type HandshakeMachine,
} from '../../src/protocol/handshake/index.ts';
import {
  deriveSessionKeys,
  encodeItem,
  paddedLength,
  RecordOpener,
  type Item,
  type Ready,
  type SessionKeys,
} from '../../src/protocol/session/index.ts';
import { decodePreface, encodePreface, PREFACE_LENGTH } from '../../src/protocol/wire/index.ts';
import { until } from './until.ts';
import { dialRaw, type WireSocket } from './wire-socket.ts';

export type ItemOf<Type extends Item['type']> = Extract<Item, { type: Type }>;

/** Someone whose handshakes are authentic, and who then says whatever the test likes. */
export class HostilePeer {
  readonly name: string;
  readonly keys: X25519KeyPair;
  readonly epoch: Bytes = randomBytes(16);
  /** The next number for a message to each peer. */
  nextSeq = 1;
  #known: { readonly key: Bytes; readonly psk: Bytes } | undefined;

  constructor(name: string, keys: X25519KeyPair = newKeys()) {
    this.name = name;
    this.keys = keys;
  }

  /** The same key and pins under another name. */
  renamed(name: string): HostilePeer {
    const liar = new HostilePeer(name, this.keys);
    liar.#known = this.#known;
    return liar;
  }
  /** First contact as the dialler, up to the proven connection; READY is not said yet. */
  async dialEnrol(
    port: number,
    peer: string,
    passwords = { own: `pw-${this.name}`, peer: `pw-${peer}` },
    isSliced = false,
  ): Promise<HostileSession> {
    const wire = await dialRaw(port);
    wire.isSliced = isSliced;
    const machine = enrolInitiator({ ...this.#base('enrol'), remoteName: peer, passwords });
    return this.#dialled(wire, machine, 'enrol');
  }
  /** First contact up to a stage, after which nothing more is said; `prepared` is what would come next. */
  async beginEnrol(
    port: number,
    peer: string,
    upTo: 'message 1' | 'PAKE1',
    passwords = { own: `pw-${this.name}`, peer: `pw-${peer}` },
  ): Promise<WireSocket & { readonly prepared: readonly Bytes[] }> {
    const machine = enrolInitiator({ ...this.#base('enrol'), remoteName: peer, passwords });
    const wire = await dialRaw(port);
    const started = machine.start();
    if (!started.ok) throw new Error(started.failure.message);
    wire.write(encodePreface('enrol'));
    wire.writeFrames(...started.value.send);
    const answered = machine.receive(await wire.frame());
    if (!answered.ok) throw new Error(answered.failure.message);
    const prepared = answered.value.send;
    if (upTo === 'message 1') return Object.assign(wire, { prepared });
    wire.writeFrames(...prepared);
    await wire.frame();
    return Object.assign(wire, { prepared: [] });
  }
  /** A later session as the dialler, up to the proven connection. */
  async dialSession(port: number, peer: string): Promise<HostileSession> {
    if (!this.#known) throw new Error('there was no enrol');
    const wire = await dialRaw(port);
    const { key: remoteStatic, psk: pairPsk } = this.#known;
    const machine = sessionInitiator({ ...this.#base('session'), remoteName: peer, remoteStatic, pairPsk });
    return this.#dialled(wire, machine, 'session');
  }
  /** The listener's side of either handshake, as the preface asks, up to the proven connection. */
  async answer(
    wire: WireSocket,
    peer: string,
    guess?: { readonly pwI: string; readonly pwR: string },
  ): Promise<HostileSession> {
    const preface = decodePreface(await wire.take(PREFACE_LENGTH));
    if (!preface.ok) throw new Error(preface.failure.message);
    const passwords = {
      pwI: encodeUtf8(guess?.pwI ?? `pw-${peer}`),
      pwR: encodeUtf8(guess?.pwR ?? `pw-${this.name}`),
    };
    const machine =
      preface.value === 'enrol'
        ? enrolResponder({ ...this.#base('enrol'), authority: { passwordsFor: () => success(passwords) } })
        : sessionResponder({
            ...this.#base('session'),
            authority: { pskFor: () => this.#known?.psk ?? randomBytes(32), nameFor: () => peer },
          });
    machine.start();
    return this.#proven(wire, machine);
  }

  ready(fields: Partial<Ready> = {}): ItemOf<'ready'> {
    return {
      type: 'ready',
      ready: {
        status: 'ok',
        clock: Date.now(),
        maxVersion: 1,
        capabilities: 0,
        epoch: this.epoch,
        peerEpoch: new Uint8Array(16),
        stored: 0,
        storedId: new Uint8Array(16),
        first: 1,
        last: this.nextSeq - 1,
        ...fields,
      },
    };
  }

  #base(mode: 'enrol' | 'session') {
    return {
      primitives: nativePrimitives,
      entropy: systemEntropy,
      preface: encodePreface(mode),
      localName: this.name,
      localStatic: this.keys,
    };
  }
  async #dialled(
    wire: WireSocket,
    machine: HandshakeMachine,
    mode: 'enrol' | 'session',
  ): Promise<HostileSession> {
    const started = machine.start();
    if (!started.ok) throw new Error(started.failure.message);
    wire.write(encodePreface(mode));
    wire.writeFrames(...started.value.send);
    return this.#proven(wire, machine);
  }
  async #proven(wire: WireSocket, machine: HandshakeMachine): Promise<HostileSession> {
    for (;;) {
      const step = machine.receive(await wire.frame());
      if (!step.ok) throw new Error(`${step.failure.code}: ${step.failure.message}`);
      wire.writeFrames(...step.value.send);
      const { established } = step.value;
      if (!established) continue;
      if (established.pairPsk) this.#known = { key: established.remoteStatic, psk: established.pairPsk };
      return new HostileSession(this, wire, established);
    }
  }
}

export function newKeys(): X25519KeyPair {
  const secret = systemEntropy.bytes(32);
  return { secret, publicKey: nativePrimitives.x25519PublicKey(secret) };
}

/** How an envelope is to be broken; the checks that come before the broken one still pass. */
export interface Forgery {
  /** The number of the item and of the header; the peer's next one by default. */
  readonly seq?: number;
  /** The header's, when it is to differ from the item's. */
  readonly headerSeq?: number;
  readonly plaintext?: Bytes;
  readonly type?: string;
  readonly id?: string;
  readonly encType?: string;
  readonly hmacType?: string;
  readonly crc?: (crc: number) => number;
  /** Before CRC and HMAC are computed. */
  readonly base64?: (message: string) => string;
  readonly hmac?: (value: string) => string;
  /** The finished envelope. */
  readonly text?: (envelope: string) => string;
  readonly bytes?: (envelope: Bytes) => Bytes;
}

/** The record layer and the envelopes of a proven connection, made by hand so that every part of them can be wrong. */
export class HostileSession {
  readonly wire: WireSocket;
  readonly established: Established;
  readonly #peer: HostilePeer;
  readonly #keys: SessionKeys;
  readonly #opener: RecordOpener;
  readonly #keystream: Cipheriv;
  readonly #heard: Item[] = [];
  #records = 0;
  #position = 0;

  constructor(peer: HostilePeer, wire: WireSocket, established: Established) {
    this.#peer = peer;
    this.wire = wire;
    this.established = established;
    this.#keys = deriveSessionKeys(nativePrimitives, established.sessionSecret);
    this.#opener = new RecordOpener(
      nativePrimitives,
      this.#isInitiator ? this.#keys.recR2I : this.#keys.recI2R,
    );
    const encKey = this.#isInitiator ? this.#keys.encI2R : this.#keys.encR2I;
    this.#keystream = createCipheriv('aes-256-ctr', encKey, new Uint8Array(16));
  }

  /** The dialler's READY first, then the listener's, as honest peers do; returns what the other side said. */
  async exchangeReady(): Promise<Ready> {
    if (this.#isInitiator) this.send(this.#peer.ready());
    const { ready } = await this.item('ready');
    if (!this.#isInitiator) this.send(this.#peer.ready());
    return ready;
  }

  send(...items: readonly Item[]): void {
    this.sendPlaintext(concatBytes(...items.map((item) => encodeItem(item))));
  }
  /** A good record of the right padded length with these bytes for items. */
  sendPlaintext(items: Bytes): void {
    this.wire.writeFrames(this.seal(items));
  }
  seal(items: Bytes): Bytes {
    const plaintext = new Uint8Array(paddedLength(items.length));
    plaintext.set(items);
    const nonce = new Uint8Array(12);
    new DataView(nonce.buffer).setBigUint64(4, BigInt(this.#records++), true);
    const key = this.#isInitiator ? this.#keys.recI2R : this.#keys.recR2I;
    return nativePrimitives.chaCha20Poly1305(key).seal(nonce, new Uint8Array(0), plaintext);
  }

  /** A MSG item with an honest envelope, or with one that is broken in the way asked for. */
  message(text: string, forgery: Forgery = {}): ItemOf<'message'> {
    const seq = forgery.seq ?? this.#peer.nextSeq++;
    return {
      type: 'message',
      seq,
      envelope: this.#envelope(seq, forgery.plaintext ?? encodeUtf8(text), forgery),
    };
  }

  /** The next item of this type that the other side sends; others before it stay for later. */
  async item<Type extends Item['type']>(type: Type): Promise<ItemOf<Type>> {
    for (;;) {
      const index = this.#heard.findIndex((item) => item.type === type);
      const [found] = index < 0 ? [] : this.#heard.splice(index, 1);
      if (found) return found as ItemOf<Type>;
      const opened = this.#opener.open(await this.wire.frame());
      if (!opened.ok) throw new Error(opened.failure.message);
      this.#heard.push(...opened.value);
    }
  }
  /** Reads until the ack has this number, and returns it. */
  async acked(seq: number): Promise<ItemOf<'ack'>> {
    return until(`an ack of ${seq}`, async () => {
      const item = await this.item('ack');
      return item.ack.cumulative >= seq && item;
    });
  }

  get #isInitiator(): boolean {
    return this.established.role === 'initiator';
  }

  #envelope(seq: number, plaintext: Bytes, forgery: Forgery): Bytes {
    const ciphertext = new Uint8Array(this.#keystream.update(plaintext));
    const honest = Buffer.from(ciphertext).toString('base64');
    const message = forgery.base64?.(honest) ?? honest;
    const crc = forgery.crc?.(crc32(message)) ?? crc32(message);
    const { type = 'text', id = randomUUID(), headerSeq = seq } = forgery;
    const header = JSON.stringify({ crc, timestamp: Date.now(), id, seq: headerSeq, type });
    const encType = forgery.encType ?? 'AES-256-CTR';
    const hmacType = forgery.hmacType ?? 'HMAC-SHA256';
    const honestTag = this.#sign(header, encType, hmacType, ciphertext);
    const tag = forgery.hmac?.(honestTag) ?? honestTag;
    const text = `{"header":${header},"message":"${message}","security":{"hmac":{"hmac_type":"${hmacType}","hmac_val":"${tag}"},"enc_type":"${encType}"}}`;
    const bytes = encodeUtf8(forgery.text?.(text) ?? text);
    return forgery.bytes?.(bytes) ?? bytes;
  }
  #sign(header: string, encType: string, hmacType: string, ciphertext: Bytes): string {
    const input = new Writer()
      .bytes(encodeUtf8('sotto/1 env\0'))
      .bytes(this.established.handshakeHash)
      .u8(this.#isInitiator ? 1 : 2)
      .u64(this.#position++);
    for (const part of [encodeUtf8(header), encodeUtf8(encType), encodeUtf8(hmacType), ciphertext])
      input.u32(part.length).bytes(part);
    const key = this.#isInitiator ? this.#keys.macI2R : this.#keys.macR2I;
    return createHmac('sha256', key).update(input.finish()).digest('base64');
  }
}
