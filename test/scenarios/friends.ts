import type { ChatEvent, OutgoingState } from '../../src/api/index.ts';
import type { TrustRecord } from '../../src/directory/index.ts';
import {
  directoryFor,
  World,
  type SimulatedHome,
  type SimulatedNode,
  type WorldOptions,
} from '../../src/testing/index.ts';

// Alice (7001) and bob (7002), and what the stories ask of them.

export interface Pair {
  readonly world: World;
  readonly alice: SimulatedNode;
  readonly bob: SimulatedNode;
}

export const BOTH: ReturnType<typeof directoryFor> = people({});

/** The usual directory; `passwords` are what differs, `without` who is not in it. */
export function people(
  passwords: Readonly<Record<string, string>>,
  names: readonly string[] = ['alice', 'bob'],
  without: readonly string[] = [],
): ReturnType<typeof directoryFor> {
  const everybody = names.map((username, index) => {
    const password = passwords[username];
    return { username, port: 7001 + index, ...(password === undefined ? {} : { password }) };
  });
  return directoryFor(everybody.filter(({ username }) => !without.includes(username)));
}

/** Two who have never met. */
export function strangers(options: WorldOptions, ...start: StartArguments): Pair {
  const world = new World(options);
  world.start(['alice', 'bob'], ...start);
  return { world, alice: world.node('alice'), bob: world.node('bob') };
}
type StartArguments = Parameters<World['start']> extends [unknown, ...infer Rest] ? Rest : never;

/** Two whose pins are confirmed, with no connection. */
export function friends(options: WorldOptions): Pair {
  const homes = (friendlyHomes ??= makeHomes());
  return strangers(options, undefined, (name) => homes.get(name)!);
}
let friendlyHomes: ReadonlyMap<string, SimulatedHome> | undefined;

/** Two that have enrolled, and whose first session is outstanding. */
export function enrolled(options: WorldOptions): Pair {
  const homes = (enrolledHomes ??= makeHomes(1));
  return strangers(options, undefined, (name) => homes.get(name)!);
}
let enrolledHomes: ReadonlyMap<string, SimulatedHome> | undefined;

/** The homes of so many (alice, bob, carol, dave) who have all met, with keys of this kind. */
export function homesOf(
  count: number,
  kind: Pick<WorldOptions, 'primitives' | 'entropy'> = {},
): ReadonlyMap<string, SimulatedHome> {
  const crowds = crowdsOf.get(kind.entropy) ?? new Map<number, ReadonlyMap<string, SimulatedHome>>();
  crowdsOf.set(kind.entropy, crowds);
  const known = crowds.get(count);
  if (known) return known;
  const names = ['alice', 'bob', 'carol', 'dave'].slice(0, count);
  const world = new World({ ...kind, seed: 8, isChunked: false });
  world.start(names);
  for (const [index, name] of names.entries()) {
    for (const other of names.slice(index + 1)) {
      for (let meetings = 0; meetings < 2; meetings++) {
        world.node(name).send(other, 'hello');
        world.run(200_000);
      }
    }
  }
  const homes = new Map(names.map((name) => [name, withoutMessages(world.node(name))]));
  crowds.set(count, homes);
  return homes;
}
const crowdsOf = new Map<unknown, Map<number, ReadonlyMap<string, SimulatedHome>>>();

function makeHomes(meetings = 2): ReadonlyMap<string, SimulatedHome> {
  const { world, alice } = strangers({ seed: 7, isChunked: false });
  for (let i = 0; i < meetings; i++) {
    alice.send('bob', 'hello');
    world.run(200_000);
  }
  return new Map(['alice', 'bob'].map((name) => [name, withoutMessages(world.node(name))]));
}

/** A home with the key and the pins of this one, and nothing else: no message was ever kept there. */
export function withoutMessages({ home }: SimulatedNode): SimulatedHome {
  return { keys: home.keys, records: home.records };
}

export function texts(node: SimulatedNode): readonly string[] {
  return node.received.map((message) => message.text);
}

/** The codes of the reasons given for messages that wait or are given up, each change once. */
export function reasons(node: SimulatedNode): readonly string[] {
  const codes: string[] = [];
  for (const event of node.events) {
    const code =
      event.type === 'message-progress' && 'reason' in event.progress
        ? event.progress.reason?.code
        : undefined;
    if (code !== undefined && codes.at(-1) !== code) codes.push(code);
  }
  return codes;
}

export function states(node: SimulatedNode): readonly string[] {
  return node.events.flatMap((event) => (event.type === 'message-progress' ? [event.progress.state] : []));
}

export function eventsOf<Type extends ChatEvent['type']>(
  node: SimulatedNode,
  type: Type,
): readonly Extract<ChatEvent, { type: Type }>[] {
  return node.events.filter((event): event is Extract<ChatEvent, { type: Type }> => event.type === type);
}

/** What a node's disk says of the other. */
export function record(node: SimulatedNode): TrustRecord | undefined {
  return node.home.records[0];
}
export function pinState(node: SimulatedNode): 'none' | 'unconfirmed' | 'confirmed' {
  const pin = record(node)?.pin;
  return !pin ? 'none' : pin.confirmed ? 'confirmed' : 'unconfirmed';
}

export function undelivered(node: SimulatedNode): number {
  return node.engine.commands.contacts(node.time).reduce((sum, contact) => sum + contact.undelivered, 0);
}
/** How what waits for this contact stands. */
export function progress(node: SimulatedNode, to: string, isSent = false): OutgoingState {
  return node.engine.commands.progressOf(to, isSent, node.time);
}

/** From silence on both sides: each writes, and each gets it, once. */
export function canTalk({ world, alice, bob }: Pair): boolean {
  const before = [texts(alice).length, texts(bob).length];
  alice.send('bob', 'are you there?');
  bob.send('alice', 'and you?');
  world.run(600_000, () => undelivered(alice) + undelivered(bob) === 0);
  return (
    texts(alice).slice(before[0]).join() === 'and you?' &&
    texts(bob).slice(before[1]).join() === 'are you there?'
  );
}

/** The program dies as if by kill -9, and what was on its way is lost. */
export function kill(node: SimulatedNode): void {
  for (const end of node.ends.values()) end.pipe.cut();
  node.crash('before-commit');
  node.endTurn();
}

/** Virtual time goes on, whether something happens or not. */
export function pass(world: World, ms: number): void {
  world.schedule.after(ms, () => {});
  world.run(ms);
}

/** How often a node has worked; one that spins at one moment throws. */
export function countTurns(node: SimulatedNode): () => number {
  let turns = 0;
  const endTurn = node.endTurn.bind(node);
  node.endTurn = () => {
    if (++turns > 20_000) throw new Error('the engine asks for another turn again and again');
    endTurn();
  };
  return () => turns;
}
