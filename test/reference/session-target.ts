import { type Bytes, hex, zeros } from './bytes.ts';
import type { Proven } from './enrol.ts';
import type { Item } from './items.ts';
import type { Ready } from './ready.ts';
import { type Acted, type RekeySecrets, Session } from './session.ts';

/** One side of a session that does by itself what it must: it answers key exchanges, and reads nothing early. */
export class SessionTarget {
  readonly session: Session;
  /** What has acted, in the words of the conformance kit. */
  readonly acted: string[] = [];
  readonly #rekeys: RekeySecrets[];
  #waiting: Bytes[] = [];

  constructor(role: 'I' | 'R', proven: Pick<Proven, 'h' | 'ss'>, rekeys: readonly RekeySecrets[]) {
    this.session = new Session(role, proven);
    this.#rekeys = [...rekeys];
  }

  /** Bodies to send: READY, and what was waiting to be read is read. */
  ready(): Bytes[] {
    const sent = [this.session.send({ type: 'READY', ready: PLAIN_READY })];
    const waiting = this.#waiting;
    this.#waiting = [];
    return [...sent, ...waiting.flatMap((body) => this.receive(body))];
  }

  /** R has sent its READY, or I has received it. */
  isOpen(): boolean {
    const { role, ownReady, peerReady } = this.session;
    return role === 'R' ? ownReady !== undefined : peerReady !== undefined;
  }

  rekey(): Bytes[] {
    return [this.session.send(this.session.beginRekey(this.#nextSecrets()))];
  }

  close(): Bytes[] {
    return [this.session.send({ type: 'CLOSE', code: 0, lastSeq: 0n })];
  }

  receive(body: Bytes): Bytes[] {
    const { session } = this;
    // What follows I's READY is read only after R's own.
    if (session.role === 'R' && session.peerReady !== undefined && session.ownReady === undefined) {
      this.#waiting.push(body);
      return [];
    }
    const answers: Bytes[] = [];
    session.receive(body, (acted) => {
      this.#note(acted);
      answers.push(...this.#answer(acted.item));
    });
    return answers;
  }

  #answer(item: Item): Bytes[] {
    const { session } = this;
    if (session.hasClosed) return [];
    if (item.type === 'REKEY1')
      return [session.send(...session.answerRekey(item.message, this.#nextSecrets()))];
    if (item.type === 'REKEY2') return [session.send({ type: 'KEYSWITCH' })];
    return [];
  }

  #note({ item, opened }: Acted): void {
    if (item.type === 'READY') this.acted.push('READY');
    if (item.type === 'CLOSE') this.acted.push(`CLOSE ${item.code}`);
    if (item.type === 'MSG' && opened) this.acted.push(`MSG ${item.seq} ${hex(opened.plaintext)}`);
    if (item.type === 'ACK') {
      const exceptions = item.exceptions.map(({ seq, status }) => ` ${seq}:${status}`).join('');
      this.acted.push(`ACK ${item.cumulative}${exceptions}`);
    }
  }

  #nextSecrets(): RekeySecrets {
    const secrets = this.#rekeys.shift();
    if (secrets === undefined) throw new Error('no secrets for another key exchange');
    return secrets;
  }
}

export const PLAIN_READY: Ready = {
  status: 0,
  clock: 1_784_000_000_000n,
  version: 1,
  caps: 0,
  myEpoch: Uint8Array.of(1, ...zeros(15)),
  yourEpoch: zeros(16),
  stored: 0n,
  storedId: zeros(16),
  first: 1n,
  last: 0n,
};
