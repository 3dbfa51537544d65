import type { Bytes } from './bytes.ts';
import type { Proven } from './enrol.ts';
import { type EnvelopeDirection, openEnvelope, type Opened, sealEnvelope, type Written } from './envelope.ts';
import { type Item, readItem, writeItemBody } from './items.ts';
import { type Keys, sessionKeys } from './keys.ts';
import type { Ready } from './ready.ts';
import { openRecord, padded, type RawItem, sealRecord } from './records.ts';
import { demand, unwatched, type Watch } from './refused.ts';
import { type Agreed, rekeyInitiator, rekeyResponder } from './rekey.ts';

// spec/03: one side of a connection after its handshake.

/** One direction: its record key and the number of the next record; its envelopes. */
interface Direction {
  rec: Bytes;
  n: bigint;
  readonly envelopes: EnvelopeDirection;
}

/** What an item did. A MSG that counted has what was in its envelope. */
export interface Acted {
  readonly item: Item;
  readonly opened?: Opened;
}

/** kemSeed is I's, kemMessage R's. */
export interface RekeySecrets {
  readonly ephemeral: Bytes;
  readonly kemSeed: Bytes;
  readonly kemMessage: Bytes;
}

export class Session {
  readonly role: 'I' | 'R';
  /** Undefined until it was sent, or received. */
  ownReady: Ready | undefined;
  peerReady: Ready | undefined;
  hasClosed = false;
  peerHasClosed = false;
  readonly out: Direction;
  readonly in: Direction;
  #h: Bytes;
  #keys: Keys;
  /** I: the exchange whose REKEY2 has not come. */
  #asked: Generator<Bytes, Agreed, Bytes> | undefined;
  /** New keys that a direction has not yet. */
  #nextOut: Agreed | undefined;
  #nextIn: Agreed | undefined;

  constructor(role: 'I' | 'R', { h, ss }: Pick<Proven, 'h' | 'ss'>) {
    this.role = role;
    this.#h = h;
    this.#keys = sessionKeys(ss);
    this.out = direction(role === 'I' ? 1 : 2, this.#keys, h);
    this.in = direction(role === 'I' ? 2 : 1, this.#keys, h);
  }

  /** The keys agreed last. */
  get keys(): Keys {
    return this.#keys;
  }

  /** The body of a record with these items. Envelopes are sealed before (`seal`). */
  send(...items: readonly Item[]): Bytes {
    for (const item of items) {
      if (item.type === 'READY') this.ownReady = item.ready;
      if (item.type === 'CLOSE') this.hasClosed = true;
    }
    const body = this.sendRaw(items.map(writeItemBody));
    if (items.at(-1)?.type === 'KEYSWITCH') this.#nextOut = this.#switch(this.out, this.#nextOut);
    return body;
  }

  /** Any items, also wrong ones. */
  sendRaw(items: readonly RawItem[]): Bytes {
    return this.sendPlaintext(padded(items));
  }

  sendPlaintext(plaintext: Bytes): Bytes {
    return sealRecord(this.out.rec, this.out.n++, plaintext);
  }

  /** A MSG item with a new envelope; its seq is that of the header. */
  seal(written: Written, watch: Watch = unwatched): Item {
    const envelope = sealEnvelope(this.out.envelopes, written, watch);
    return { type: 'MSG', seq: BigInt(written.header.seq), envelope };
  }

  /** The receiver's checks 1 to 5 for the next record, and what its items do. Those before one that may not come have acted. */
  receive(body: Bytes, acted: (what: Acted) => void = () => undefined): Acted[] {
    const items = openRecord(this.in.rec, this.in.n++, body).map(readItem);
    return items.map((item, at) => {
      const what = this.#act(item, at === items.length - 1);
      acted(what);
      return what;
    });
  }

  #act(item: Item, isLast: boolean): Acted {
    demand((item.type === 'READY') === (this.peerReady === undefined), 'item-unexpected');
    switch (item.type) {
      case 'READY':
        this.peerReady = item.ready;
        return { item };
      case 'MSG':
        demand(!this.peerHasClosed, 'item-unexpected');
        if (!this.#isUsable() || this.hasClosed) return { item };
        return { item, opened: openEnvelope(this.in.envelopes, item.seq, item.envelope) };
      case 'CLOSE':
        this.peerHasClosed = true;
        return { item };
      case 'REKEY1':
        this.#takeRekey1();
        return { item };
      case 'REKEY2':
        this.#takeRekey2(item.message);
        return { item };
      case 'KEYSWITCH':
        this.#takeKeyswitch(isLast);
        return { item };
      case 'ACK':
      case 'PING':
      case 'PONG':
        return { item };
    }
  }

  /** Both statuses are 0. The peer's early record is read only after our own READY. */
  #isUsable(): boolean {
    return this.ownReady?.status === 0 && this.peerReady?.status === 0;
  }

  /** I begins an exchange: the item to send. */
  beginRekey(secrets: RekeySecrets, watch: Watch = unwatched): Item {
    this.#asked = rekeyInitiator(this.#h, this.#keys.rekey, secrets, watch);
    const first = this.#asked.next();
    if (first.done) throw new Error('a rekey begins with a message');
    return { type: 'REKEY1', message: first.value };
  }

  /** R answers REKEY1: the items of one record. */
  answerRekey(rekey1: Bytes, secrets: RekeySecrets, watch: Watch = unwatched): Item[] {
    const { rekey2, agreed } = rekeyResponder(this.#h, this.#keys.rekey, secrets, rekey1, watch);
    this.#agree(agreed);
    return [{ type: 'REKEY2', message: rekey2 }, { type: 'KEYSWITCH' }];
  }

  #takeRekey1(): void {
    const isUnderWay = this.#nextIn !== undefined || this.#nextOut !== undefined;
    demand(this.role === 'R' && !isUnderWay && !this.peerHasClosed, 'item-unexpected');
  }

  #takeRekey2(rekey2: Bytes): void {
    demand(this.#asked !== undefined && !this.peerHasClosed, 'item-unexpected');
    const end = this.#asked.next(rekey2);
    if (!end.done) throw new Error('a rekey ends with its second message');
    this.#asked = undefined;
    this.#agree(end.value);
  }

  #takeKeyswitch(isLast: boolean): void {
    demand(this.#nextIn !== undefined && isLast && !this.peerHasClosed, 'item-unexpected');
    this.#nextIn = this.#switch(this.in, this.#nextIn);
  }

  /** `rekey` and h' serve the next exchange; each direction goes over with its KEYSWITCH. */
  #agree(agreed: Agreed): void {
    this.#h = agreed.h;
    this.#keys = agreed.keys;
    this.#nextOut = agreed;
    this.#nextIn = agreed;
  }

  /** From the next record on: all keys of this direction are new, and it counts from 0. */
  #switch(way: Direction, agreed: Agreed | undefined): undefined {
    if (agreed === undefined) throw new Error('no keys to switch to');
    Object.assign(way, direction(way.envelopes.dir, agreed.keys, agreed.h));
  }
}

function direction(dir: 1 | 2, keys: Keys, h: Bytes): Direction {
  const name = dir === 1 ? 'I>R' : 'R>I';
  const envelopes = { h, dir, enc: keys[`enc ${name}`], mac: keys[`mac ${name}`], k: 0n, position: 0 };
  return { rec: keys[`rec ${name}`], n: 0n, envelopes };
}
