import type { ChatEvent } from '../../src/api/index.ts';
import { concatBytes, equalBytes, type Bytes } from '../../src/base/index.ts';
import { World, type Pipe, type PipeEnd, type SimulatedNode } from '../../src/testing/index.ts';
import { cheapEntropy, cheapPrimitives } from '../scenarios/cheap-primitives.ts';
import { homesOf, people, progress } from '../scenarios/friends.ts';
import { SeededDice } from './dice.ts';
import { must } from './target.ts';

// Whole programs and an adversary who owns the network between them (CRY-04, CRY-05, CRY-06, CRY-08, CRY-10, CRY-16,
// NET-14, NET-18): he drops, repeats, holds back, swaps, cuts, flips and reflects what passes, puts pieces of one
// connection into another, leads dials elsewhere, and has a program of his own. Alice and bob must never be wrong about
// each other. When he tires of it, everything that was written must still arrive.

type Honest = 'alice' | 'bob';
const HONEST: readonly Honest[] = ['alice', 'bob'];

/**
 * Who the adversary is: nobody, somebody in both directories who knows his own password and alice's, or somebody who
 * calls himself alice or bob and knows the passwords of neither.
 */
type Guest = 'nobody' | 'contact' | 'false alice' | 'false bob';
const GUESTS: readonly Guest[] = ['nobody', 'contact', 'false alice', 'false bob'];
const GUEST_PORT = 7_003;

export interface InteractionOutcome {
  readonly delivered: number;
  readonly written: number;
  readonly connections: number;
  /** How often each trick was played. */
  readonly tricks: ReadonlyMap<string, number>;
  /** Virtual ms from the last trick until everything had arrived. */
  readonly settledMs: number;
}

/**
 * In two worlds of three keys are agreed on by the same rules in a tenth of the time. The adversary, who knows how to move and to
 * spoil bytes and not how to compute keys, plays the same tricks on both kinds.
 */
const CHEAP = { primitives: cheapPrimitives, entropy: cheapEntropy } as const;
/** The adversary plays for this long. */
const HOSTILE_MS = 40_000;
/** First contact may have to wait until the guesses that were made in its name are forgotten. */
const SETTLE_MS = 48 * 3_600_000;

/** One seed, from the beginning to the end. Throws when a rule is broken. */
export function interact(seed: number): InteractionOutcome {
  const dice = new SeededDice(seed);
  const keys = seed % 3 === 0 ? {} : CHEAP;
  const world = new World({
    ...keys,
    seed,
    isChunked: dice.chance(0.3),
    latencyMs: [1, dice.pick([5, 40, 400])],
    // New keys while he plays: often, now and then, or not at all.
    rekey: dice.pick([
      { afterMs: 2_000, symmetricRecords: 3 },
      { afterMs: 15_000, symmetricRecords: 16 },
      {},
    ]),
  });
  const guest = dice.pick(GUESTS);
  const homes = dice.chance(0.4) ? homesOf(2, keys) : undefined;
  const directory = guest === 'contact' ? people({}, ['alice', 'bob', 'mallory']) : people({});
  world.start(['alice', 'bob'], () => directory, homes && ((name) => homes.get(name) ?? world.newHome()));
  const stranger = guest === 'nobody' ? undefined : joinGuest(world, guest);
  const adversary = new Adversary(world, dice);
  const sent = schedule(world, dice, stranger);
  world.run(HOSTILE_MS);
  adversary.stop();
  mustHold(world, sent, stranger, guest);
  const from = world.now;
  const isSettled = (): boolean => HONEST.every((name) => waiting(world.node(name)) === 0);
  world.run(HOSTILE_MS, isSettled);
  for (const name of HONEST) actAsPerson(world.node(name));
  world.run(SETTLE_MS, isSettled);
  mustHold(world, sent, stranger, guest);
  must(isSettled(), 'everything arrives once nobody disturbs');
  const texts = HONEST.flatMap((name) => world.node(name).received);
  return {
    delivered: texts.length,
    written: [...sent.values()].reduce((sum, list) => sum + list.length, 0),
    connections: adversary.connections,
    tricks: adversary.tricks,
    settledMs: world.now - from,
  };
}

function joinGuest(world: World, guest: Guest): SimulatedNode {
  const name = guest === 'contact' ? 'mallory' : guest === 'false alice' ? 'alice' : 'bob';
  const names = ['alice', 'bob', ...(guest === 'contact' ? ['mallory'] : [])];
  const guesses = guest === 'contact' ? { bob: 'guess' } : { alice: 'guess', bob: 'guess' };
  return world.join(name, GUEST_PORT, people(guesses, names), world.newHome());
}

type Sent = ReadonlyMap<string, readonly string[]>;

/** What everybody writes, and when. Whatever goes to somebody who is not honest is not waited for. */
function schedule(world: World, dice: SeededDice, stranger: SimulatedNode | undefined): Sent {
  const sent = new Map<string, string[]>();
  const write = (node: SimulatedNode, who: string, to: string): void => {
    const list = sent.get(`${who}>${to}`) ?? [];
    sent.set(`${who}>${to}`, list);
    const count = dice.below(5);
    for (let i = 0; i < count; i++) {
      const length = dice.below(400);
      world.schedule.at(dice.below(HOSTILE_MS), () => {
        const text = `${who}>${to} ${list.length} ${'x'.repeat(length)}`;
        list.push(text);
        node.send(to, text);
      });
    }
  };
  write(world.node('alice'), 'alice', 'bob');
  write(world.node('bob'), 'bob', 'alice');
  for (const to of stranger ? HONEST : []) if (stranger && stranger.name !== to) write(stranger, 'guest', to);
  return sent;
}

/** Messages for the other honest one that are not delivered yet. */
function waiting({ disk, name }: SimulatedNode): number {
  return disk.store.standing(otherThan(name))?.outbox?.waiting ?? 0;
}

/** What holds a queue until a person acts: the address was our own, or somebody else's who does not know the passwords. */
const HELD_FOR_A_PERSON: readonly (string | undefined)[] = ['handshake-self', 'password-mismatch'];

function actAsPerson(node: SimulatedNode): void {
  if (waiting(node) === 0) return;
  const state = progress(node, otherThan(node.name));
  if (!('held' in state) || !state.held) return;
  const code = state.reason?.code;
  must(HELD_FOR_A_PERSON.includes(code), `nothing else holds a queue: ${code}`);
  node.command((commands) => commands.retry(otherThan(node.name)));
}

function otherThan(name: string): Honest {
  return name === 'alice' ? 'bob' : 'alice';
}

function mustHold(world: World, sent: Sent, stranger: SimulatedNode | undefined, guest: Guest): void {
  for (const name of HONEST) {
    const [self, peer] = [world.node(name), world.node(otherThan(name))];
    mustBeTheirWords(self, sent, guest);
    mustHaveReached(self, peer);
    mustKnow(self, peer, stranger);
  }
  must(
    stranger === undefined || stranger.received.length === 0,
    'nothing that was written for another reaches a guest',
  );
}

/** Once, in order, nothing left out, and nothing that the sender did not write to this very reader. */
function mustBeTheirWords(reader: SimulatedNode, sent: Sent, guest: Guest): void {
  for (const writer of ['alice', 'bob', 'mallory']) {
    const texts = reader.received.filter(({ from }) => from === writer).map(({ text }) => text);
    const written = sent.get(`${writer === 'mallory' ? 'guest' : writer}>${reader.name}`) ?? [];
    must(
      texts.join('\n') === written.slice(0, texts.length).join('\n'),
      `${reader.name} reads what ${writer} wrote`,
    );
  }
  const mayRead: readonly string[] = guest === 'contact' ? ['alice', 'bob', 'mallory'] : HONEST;
  must(
    reader.received.every(({ from }) => mayRead.includes(from)),
    'nobody is shown who is not in the directory',
  );
}

/** What counts as delivered was shown. */
function mustHaveReached(writer: SimulatedNode, reader: SimulatedNode): void {
  const shown = new Set(ofType(reader, 'message-received').map(({ id }) => id));
  for (const { id, to, progress } of ofType(writer, 'message-progress'))
    if (to === reader.name && progress.state === 'delivered')
      must(shown.has(id), 'an ack follows the showing');
}

function mustKnow(self: SimulatedNode, peer: SimulatedNode, stranger: SimulatedNode | undefined): void {
  for (const { username, pin, pending } of self.home.records) {
    const isPeer = username === peer.name;
    must(isPeer || username === stranger?.name, 'a pin bears a name of the directory');
    const key = isPeer ? peer.keys.publicKey : stranger?.keys.publicKey;
    must(pin === undefined || (key !== undefined && equalBytes(pin.key, key)), 'a pin holds its owner’s key');
    must(pending === undefined, 'no second key has proven a password');
  }
  must(
    ofType(self, 'key-pending').length + ofType(self, 'own-key-pending').length === 0,
    'no alarm is false',
  );
}

function ofType<Type extends ChatEvent['type']>(
  node: SimulatedNode,
  type: Type,
): readonly Extract<ChatEvent, { type: Type }>[] {
  return node.events.filter((event): event is Extract<ChatEvent, { type: Type }> => event.type === type);
}

/** Sits on every connection and sees every chunk before its receiver does. */
class Adversary {
  connections = 0;
  readonly tricks: Map<string, number> = new Map();
  readonly #world: World;
  readonly #dice: SeededDice;
  /** How often he does something, for each chunk. */
  readonly #zeal: number;
  readonly #heard: Bytes[] = [];
  readonly #wires: Wire[] = [];
  #isActive = true;

  constructor(world: World, dice: SeededDice) {
    this.#world = world;
    this.#dice = dice;
    this.#zeal = dice.pick([0.01, 0.05, 0.2, 0.5]);
    world.onPipe = (pipe) => this.#tap(pipe);
    this.#misdirect();
  }

  /** What he has broken stays broken; from now on he only carries. */
  stop(): void {
    this.#isActive = false;
    for (const pipe of this.#world.pipes) pipe.cut();
  }

  /** A dial goes to somebody else: to the guest, or back to its caller. */
  #misdirect(): void {
    const connect = this.#world.connect.bind(this.#world);
    this.#world.connect = (from, link, port) => {
      const isLed = this.#isActive && this.#dice.chance(this.#zeal / 2);
      if (isLed) this.#count('misdirect');
      connect(from, link, isLed ? this.#dice.pick([7_001, 7_002, GUEST_PORT]) : port);
    };
  }

  #tap(pipe: Pipe): void {
    this.connections += 1;
    for (const end of pipe.ends) {
      const receive = end.receive.bind(end);
      const wire: Wire = { pipe, end, receive, held: undefined };
      this.#wires.push(wire);
      end.receive = (chunk) => this.#pass(wire, chunk);
    }
  }

  #pass(wire: Wire, chunk: Bytes): void {
    const held = wire.held ?? new Uint8Array(0);
    wire.held = undefined;
    if (!this.#isActive) return wire.receive(held.length > 0 ? concatBytes(chunk, held) : chunk);
    if (this.#heard.length < 500) this.#heard.push(chunk.slice());
    if (!this.#dice.chance(this.#zeal)) {
      wire.receive(chunk);
      if (held.length > 0) wire.receive(held);
      return;
    }
    const name = this.#dice.pick(TRICKS);
    this.#count(name);
    this.#play(name, wire, chunk);
  }

  #play(trick: (typeof TRICKS)[number], wire: Wire, chunk: Bytes): void {
    const dice = this.#dice;
    switch (trick) {
      case 'drop':
        return;
      case 'repeat':
        wire.receive(chunk);
        return wire.receive(chunk.slice());
      case 'hold':
        wire.held = chunk.slice();
        return;
      case 'cut':
        return wire.pipe.cut();
      case 'flip':
        return wire.receive(flipped(chunk, dice));
      case 'truncate':
        return wire.receive(chunk.slice(0, 1 + dice.below(chunk.length)));
      case 'reflect':
        return this.#to(wire.pipe.other(wire.end), chunk);
      case 'replay':
        return wire.receive(dice.pick(this.#heard).slice());
      case 'inject':
        wire.receive(chunk);
        return wire.receive(dice.pick(this.#heard).slice());
      case 'splice':
        wire.receive(chunk);
        return this.#to(dice.pick(this.#wires).end, chunk.slice());
      case 'swap':
        this.#to(dice.pick(this.#wires).end, chunk.slice());
        return wire.receive(dice.pick(this.#heard).slice());
      case 'clock':
        for (const name of HONEST)
          if (dice.chance(0.5)) this.#world.node(name).wallOffset += dice.below(7_200_000) - 3_600_000;
        return wire.receive(chunk);
      case 'later':
        return this.#world.schedule.after(dice.below(20_000), () => wire.receive(chunk));
    }
  }

  #to(end: PipeEnd, chunk: Bytes): void {
    this.#wires.find((wire) => wire.end === end)?.receive(chunk);
  }

  #count(trick: string): void {
    this.tricks.set(trick, (this.tricks.get(trick) ?? 0) + 1);
  }
}

const TRICKS = [
  'drop',
  'repeat',
  'hold',
  'cut',
  'flip',
  'truncate',
  'reflect',
  'replay',
  'inject',
  'splice',
  'swap',
  'clock',
  'later',
] as const;

interface Wire {
  readonly pipe: Pipe;
  readonly end: PipeEnd;
  readonly receive: (chunk: Bytes) => void;
  held: Bytes | undefined;
}

function flipped(chunk: Bytes, dice: SeededDice): Bytes {
  const copy = chunk.slice();
  const bit = dice.below(8 * copy.length);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}
