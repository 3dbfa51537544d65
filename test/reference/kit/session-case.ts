import { type Bytes, hex } from '../bytes.ts';
import { toBase64 } from '../envelope-json.ts';
import type { Item } from '../items.ts';
import { Refused } from '../refused.ts';
import { type RekeySecrets, Session } from '../session.ts';
import { PLAIN_READY, SessionTarget } from '../session-target.ts';
import type { SessionCase, SessionStep } from './case.ts';
import { kitSecret } from './duel.ts';

/** Says what the side under test does and receives; the peer is a side of its own that may do anything. */
export interface Director {
  readonly readyItem: Item;
  /** For what only the side under test could make. */
  readonly target: Session;
  /** The body that the peer makes is received. */
  take(make: (peer: Session) => Bytes): Bytes;
  /** Our READY is sent: its body. */
  ready(): Bytes;
  close(): void;
  /** The side under test begins a key exchange. */
  rekey(): void;
  /** The peer's READY is received. */
  hello(): void;
  /** Both READYs. */
  open(): void;
  /** Sees what the side under test sends from now on, as the peer reads it. */
  onSent(see: (item: Item) => void): void;
}

const H = kitSecret('h of a session');
const SS = kitSecret('SS of a session');

/** How many key exchanges a case may have. */
const EXCHANGES = 2;

export function sessionCase(
  role: 'I' | 'R',
  name: string,
  section: string,
  code: string,
  play: (run: Director) => void,
  options: { readonly rekeys?: boolean; readonly comment?: string } = {},
): SessionCase {
  const rekeys = options.rekeys === true ? secretsOf(role) : [];
  const run = new Rehearsal(role, rekeys);
  try {
    play(run);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
  const { comment } = options;
  return {
    kind: 'session',
    name: `${role}: ${name}`,
    section,
    ...(comment !== undefined && { comment }),
    code,
    role,
    h: hex(H),
    ss: hex(SS),
    ...(rekeys.length > 0 && { rekeys: rekeys.map((secrets) => rekeyAsJson(role, secrets)) }),
    steps: run.steps,
    at: run.steps.length - 1,
    acted: run.acted,
  };
}

export const secretsOf = (role: 'I' | 'R'): RekeySecrets[] =>
  Array.from({ length: EXCHANGES }, (_, at) => ({
    ephemeral: kitSecret(`rekey ${at} ephemeral of ${role}`),
    kemSeed: kitSecret(`rekey ${at} KEM seed`, 64),
    kemMessage: kitSecret(`rekey ${at} KEM message`),
  }));

const rekeyAsJson = (role: 'I' | 'R', { ephemeral, kemSeed, kemMessage }: RekeySecrets) => ({
  ephemeral: hex(ephemeral),
  ...(role === 'I' ? { kem_seed: hex(kemSeed) } : { kem_message: hex(kemMessage) }),
});

/** Plays a case against this implementation while it is written down. */
class Rehearsal implements Director {
  readonly steps: SessionStep[] = [];
  readonly readyItem: Item = { type: 'READY', ready: PLAIN_READY };
  readonly #role: 'I' | 'R';
  readonly #peer: Session;
  readonly #side: SessionTarget;
  #see: (item: Item) => void = () => undefined;

  constructor(role: 'I' | 'R', rekeys: readonly RekeySecrets[]) {
    this.#role = role;
    this.#side = new SessionTarget(role, { h: H, ss: SS }, rekeys);
    this.#peer = new Session(role === 'I' ? 'R' : 'I', { h: H, ss: SS });
  }

  get target(): Session {
    return this.#side.session;
  }

  get acted(): readonly string[] {
    return this.#side.acted;
  }

  take(make: (peer: Session) => Bytes): Bytes {
    const body = make(this.#peer);
    this.steps.push({ do: 'receive', body: toBase64(body) });
    this.#send(this.#side.receive(body));
    return body;
  }

  ready(): Bytes {
    this.steps.push({ do: 'ready' });
    const [first, ...others] = this.#side.ready();
    if (first === undefined) throw new Error('READY is a record');
    this.#send([first, ...others]);
    return first;
  }

  close(): void {
    this.steps.push({ do: 'close' });
    this.#send(this.#side.close());
  }

  rekey(): void {
    this.steps.push({ do: 'rekey' });
    this.#send(this.#side.rekey());
  }

  hello(): void {
    this.take((peer) => peer.send(this.readyItem));
  }

  open(): void {
    if (this.#role === 'I') this.ready();
    this.hello();
    if (this.#role === 'R') this.ready();
  }

  onSent(see: (item: Item) => void): void {
    this.#see = see;
  }

  /** A wrong peer may be unable to go on with what it gets. */
  #send(bodies: readonly Bytes[]): void {
    try {
      for (const body of bodies) this.#peer.receive(body, ({ item }) => this.#see(item));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }
}
