import type { ChatEvent, MessageId } from '../api/index.ts';
import {
  CodedError,
  decodeUtf8,
  encodeUtf8,
  PeerText,
  type Bytes,
  type Failure,
  type Instant,
  type Now,
} from '../base/index.ts';
import type { Entropy, Primitives, X25519KeyPair } from '../crypto/index.ts';
import { parseDirectory, type Directory, type GuessLedger, type TrustRecord } from '../directory/index.ts';
import {
  Engine,
  type Change,
  type EngineInput,
  type EngineOptions,
  type EngineOutput,
  type LinkId,
} from '../engine/index.ts';
import type { InboxRow } from '../protocol/delivery/index.ts';
import { nativePrimitives } from '../primitives/index.ts';
import { fastSeededEntropy } from './entropy.ts';
import type { RekeyLimits } from '../protocol/session/index.ts';
import { Pipe, type PipeEnd } from './pipe.ts';
import { Schedule } from './schedule.ts';
import { SimulatedDisk } from './simulated-disk.ts';

const WALL_START = 1_700_000_000_000;
/** A disk that refused is asked again after this long. */
const COMMIT_RETRY_MS = 1_000;

export interface WorldOptions {
  readonly seed: number;
  /** One way, ms; each chunk draws its own. Default 1 to 40. */
  readonly latencyMs?: readonly [min: number, max: number];
  /** Bytes are split at random places (default), or arrive as they were written. */
  readonly isChunked?: boolean;
  /** Default 60,000. */
  readonly lingerMs?: number;
  /** When sessions take new keys; the same for every node. Default: as the program's. */
  readonly rekey?: Partial<RekeyLimits>;
  /** The program’s own by default; a test that counts what is computed gives a wrapper. */
  readonly primitives?: Primitives;
  /** What this node's program is started with. */
  readonly settingsOf?: (
    name: string,
  ) => Pick<
    EngineOptions,
    'isEnrolClosed' | 'versionMax' | 'isCallingAtStart' | 'isKeepingSessions' | 'isStoreVolatile'
  >;
}

/**
 * Engines on virtual time with a seeded network between them: nothing sleeps, and a seed is the whole story. Connections
 * can be cut, by the network's own dice or by the test.
 */
export class World {
  readonly entropy: Entropy;
  readonly nodes: Map<string, SimulatedNode> = new Map();
  readonly pipes: Set<Pipe> = new Set();
  readonly schedule: Schedule = new Schedule();
  /** Nothing arrives and nobody is told; dials end after 10 s. What was on its way is lost for good. */
  isPartitioned = false;
  /** Called for each new connection: a test sets `cutAfterBytes` on it, or cuts it later. */
  onPipe: (pipe: Pipe) => void = () => {};
  readonly #options: WorldOptions;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.entropy = fastSeededEntropy(options.seed);
  }

  get now(): Instant {
    return this.schedule.now;
  }
  get primitives(): Primitives {
    return this.#options.primitives ?? nativePrimitives;
  }
  get rekey(): Partial<RekeyLimits> | undefined {
    return this.#options.rekey;
  }
  settingsOf(name: string): ReturnType<NonNullable<WorldOptions['settingsOf']>> {
    return this.#options.settingsOf?.(name) ?? {};
  }
  get lingerMs(): number {
    return this.#options.lingerMs ?? 60_000;
  }

  /** A node for each name, on ports from 7001, with the same directory unless `directoryOf` says otherwise. */
  start(
    names: readonly string[],
    directoryOf?: (name: string) => Directory,
    homeOf?: (name: string) => SimulatedHome,
  ): void {
    const directory = directoryFor(names.map((username, index) => ({ username, port: 7001 + index })));
    for (const [index, name] of names.entries()) {
      const home = homeOf?.(name) ?? this.newHome();
      this.nodes.set(
        name,
        new SimulatedNode(this, name, 7001 + index, directoryOf?.(name) ?? directory, home),
      );
    }
  }
  /** One more program, under any name: also one that is taken. */
  join(name: string, port: number, directory: Directory, home: SimulatedHome): SimulatedNode {
    const node = new SimulatedNode(this, name, port, directory, home);
    this.nodes.set(`${name}:${port}`, node);
    return node;
  }
  /** Somebody who installs the program for the first time, or again after everything was lost. */
  newHome(): SimulatedHome {
    const secret = this.entropy.bytes(32);
    return { keys: { secret, publicKey: nativePrimitives.x25519PublicKey(secret) }, records: [] };
  }
  node(name: string): SimulatedNode {
    const node = this.nodes.get(name);
    if (!node) throw new Error(`no node ${name}`);
    return node;
  }

  /** Until nothing is left to happen, the condition holds, or virtual time reaches `limitMs` from now. True unless the limit came first. */
  run(limitMs: number, until: () => boolean = () => false): boolean {
    const limit = this.now + limitMs;
    while (!until()) {
      if (!this.schedule.runNext(limit)) return this.schedule.isEmpty;
    }
    return true;
  }

  connect(from: SimulatedNode, link: LinkId, port: number): void {
    if (this.isPartitioned) {
      const failure = { code: 'connect-timeout', message: 'No answer.' } as const;
      this.schedule.after(10_000, () => from.input({ type: 'dial-failed', link, failure }));
      return;
    }
    const target = [...this.nodes.values()].find(
      (node) => node.port === port && node.isListening && node.isUp,
    );
    this.schedule.after(this.latency(), () => {
      if (!target?.isListening || !target.isUp) {
        return from.input({
          type: 'dial-failed',
          link,
          failure: { code: 'refused', message: 'Nobody listens there.' },
        });
      }
      const accepted = target.nextLink();
      const pipe: Pipe = new Pipe(this, { node: from, link }, { node: target, link: accepted });
      this.pipes.add(pipe);
      this.onPipe(pipe);
      const at = (address: string) => ({ address, remote: address });
      target.input({ type: 'accepted', link: accepted, ...at(`10.0.${from.port >> 8}.${from.port & 255}`) });
      from.input({ type: 'connected', link, ...at(`10.0.${port >> 8}.${port & 255}`) });
    });
  }

  latency(): number {
    const [min, max] = this.#options.latencyMs ?? [1, 40];
    return min + this.random() * (max - min);
  }
  random(): number {
    const bytes: Bytes = this.entropy.bytes(4);
    return bytes.reduce((value, byte) => value * 256 + byte, 0) / 2 ** 32;
  }
  chunksOf(bytes: Bytes): readonly Bytes[] {
    if (this.#options.isChunked === false || bytes.length < 2) return [bytes];
    const cut = 1 + Math.floor(this.random() * (bytes.length - 1));
    return this.random() < 0.5 ? [bytes] : [bytes.subarray(0, cut), bytes.subarray(cut)];
  }
}

/** What is on one node's disk. Without a store: one that is empty. */
export interface SimulatedHome {
  readonly keys: X25519KeyPair;
  readonly records: readonly TrustRecord[];
  readonly guesses?: GuessLedger;
  readonly reachedUs?: ReadonlyMap<string, number>;
  readonly disk?: SimulatedDisk;
}

export interface RestartOptions {
  /** Nobody is told that the connections are gone; what was on its way still arrives. */
  readonly isPowerLost?: boolean;
}

/** before-commit: nothing of the turn happened. after-commit: it is on the disk, and some of what follows from it was done. */
export type CrashMoment = 'before-commit' | 'after-commit';

/** One engine with its sockets, its disk and its screen played by the world. */
export class SimulatedNode {
  readonly name: string;
  readonly port: number;
  isListening = true;
  /** What faces saw, over all restarts. */
  readonly events: ChatEvent[] = [];
  readonly ends: Map<LinkId, PipeEnd> = new Map();
  /** Why connections ended. */
  readonly failures: Failure[] = [];
  keys: X25519KeyPair;
  disk: SimulatedDisk;
  /** How far this machine's wall clock is from the world's, ms. */
  wallOffset = 0;
  engine: Engine;
  /** Called right after each crash; the node is down then, until `restart`. */
  onCrash: () => void = () => {};
  readonly #world: World;
  #directory: Directory;
  #isUp = true;
  #nextLink = 1;
  #timer = 0;
  #crash: { readonly moment: CrashMoment; turns: number } | undefined;
  /** What the disk refused: given again with the next commit, and the events that wait for it. */
  #held: EngineOutput[] = [];
  #isRefused = false;
  /** The last message that the screen took since the last commit. */
  #shown: Change | undefined;

  constructor(world: World, name: string, port: number, directory: Directory, home: SimulatedHome) {
    this.#world = world;
    this.name = name;
    this.port = port;
    this.keys = home.keys;
    this.disk = home.disk ?? new SimulatedDisk();
    this.#directory = directory;
    this.engine = this.#openEngine(home);
    world.schedule.after(0, () => this.endTurn());
  }

  /** A new process on what the disk holds, or on the home that is given. */
  restart(
    directory: Directory = this.#directory,
    home: SimulatedHome = this.home,
    options: RestartOptions = {},
  ): void {
    if (!options.isPowerLost) for (const end of this.ends.values()) end.pipe.cut();
    this.ends.clear();
    this.keys = home.keys;
    this.disk = home.disk ?? new SimulatedDisk();
    this.#directory = directory;
    this.#held = [];
    this.#isRefused = false;
    this.#shown = undefined;
    this.#crash = undefined;
    this.#isUp = true;
    this.engine = this.#openEngine(home);
    for (const { from, row } of this.disk.unshown()) this.#show(receivedLate(from, row));
    this.endTurn();
  }
  /** Ends this process as a kill does, in the turn that comes after so many others. */
  crash(moment: CrashMoment, turns = 0): void {
    this.#crash = { moment, turns };
  }
  /** No crash any more. */
  calm(): void {
    this.#crash = undefined;
  }
  get isUp(): boolean {
    return this.#isUp;
  }
  get home(): SimulatedHome {
    return { keys: this.keys, ...this.disk.home, disk: this.disk };
  }
  /** Everything that is on the disk, in the order in which it came there. */
  get changes(): readonly Change[] {
    return this.disk.changes;
  }

  get time(): Now {
    return { monotonic: this.#world.now, wall: WALL_START + this.#world.now + this.wallOffset };
  }
  /** Texts that were shown, in order; what was shown again after a crash, with its mark, counts once. */
  get received(): readonly { readonly from: string; readonly text: string }[] {
    const seen = new Set<string>();
    return this.events.flatMap((event) => {
      if (event.type !== 'message-received' || seen.has(event.id)) return [];
      seen.add(event.id);
      return [{ from: event.from, text: event.text.exact() }];
    });
  }

  /** Undefined when the disk refused: then it is withdrawn. */
  send(to: string, text: string, expiresAtWall?: number): MessageId | undefined {
    const command = expiresAtWall === undefined ? { to, text } : { to, text, expiresAtWall };
    const sent = this.engine.commands.sendText(command, this.time);
    if (!sent.ok) throw new Error(`${sent.failure.code}: ${sent.failure.message}`);
    this.endTurn();
    if (!this.#isUp || !this.#isRefused) return sent.value;
    this.engine.commands.takeBack(to, sent.value, this.time);
    return undefined;
  }

  /** What a person does; the effects leave at once. */
  command<Answer>(act: (commands: Engine['commands'], now: Now) => Answer): Answer {
    const answer = act(this.engine.commands, this.time);
    this.endTurn();
    return answer;
  }

  input(input: EngineInput): void {
    if (this.#isUp) this.#turn(this.engine.handle(input, this.time));
  }
  endTurn(): void {
    if (this.#isUp) this.#turn([]);
  }
  nextLink(): LinkId {
    return this.#nextLink++ as LinkId;
  }

  #openEngine({ keys, records, guesses, reachedUs }: SimulatedHome): Engine {
    const known = new Set(this.disk.home.records);
    for (const record of records) if (!known.has(record)) this.disk.commit([{ type: 'trust', record }]);
    if (guesses && guesses !== this.disk.home.guesses) this.disk.commit([{ type: 'guesses', guesses }]);
    return new Engine({
      ledger: this.disk.store,
      ...(reachedUs ? { reachedUs } : {}),
      ...this.#world.settingsOf(this.name),
      ...(guesses ? { guesses } : {}),
      primitives: this.#world.primitives,
      entropy: this.#world.entropy,
      self: this.name,
      keys,
      directory: this.#directory,
      records,
      lingerMs: this.#world.lingerMs,
      rekey: this.#world.rekey,
      hasRoom: () => !this.#isRefused,
      nextLink: () => this.nextLink(),
    });
  }

  /** As the program's turn loop does it: everything is committed before anything is released. */
  #turn(first: readonly EngineOutput[]): void {
    const outputs = [...this.#held, ...first, ...this.engine.handle({ type: 'turn-ended' }, this.time)];
    const isLast = this.#crash !== undefined && this.#crash.turns-- <= 0;
    if (isLast && this.#crash?.moment === 'before-commit') return this.#die([]);
    const changes: Change[] = this.#shown ? [this.#shown] : [];
    for (const output of outputs) if (output.type === 'commit') changes.push(...output.changes);
    try {
      if (changes.length > 0) this.disk.commit(changes);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      return isLast ? this.#die([]) : this.#giveUpTurn(outputs, error.failure);
    }
    this.#shown = undefined;
    this.#held = [];
    this.#isRefused = false;
    if (isLast) return this.#die(outputs);
    for (const output of outputs) this.#perform(output);
    this.#setTimer();
  }

  #giveUpTurn(outputs: readonly EngineOutput[], failure: Failure): void {
    this.#isRefused = true;
    this.#held = outputs.filter((output) => output.type === 'commit' || output.type === 'event');
    for (const { type, link } of outputs.filter((output) => output.type === 'dial'))
      if (type === 'dial')
        this.#world.schedule.after(0, () => this.input({ type: 'dial-failed', link, failure }));
    for (const output of outputs) if (output.type === 'release') this.ends.get(output.link)?.release();
    for (const [link, end] of this.ends) {
      end.release();
      end.pipe.cut();
      this.#world.schedule.after(0, () => this.input({ type: 'lost', link, failure }));
    }
    const timer = ++this.#timer;
    this.#world.schedule.after(COMMIT_RETRY_MS, () => {
      if (timer === this.#timer) this.endTurn();
    });
  }

  /** Some of the outputs are performed, from the first on. */
  #die(outputs: readonly EngineOutput[]): void {
    const count = Math.floor(this.#world.random() * (outputs.length + 1));
    for (const output of outputs.slice(0, count)) this.#perform(output);
    this.#isUp = false;
    this.#timer++;
    this.onCrash();
  }

  #setTimer(): void {
    const deadline = this.engine.deadline();
    const timer = ++this.#timer;
    if (deadline === undefined) return;
    this.#world.schedule.at(Math.max(deadline, this.#world.now), () => {
      if (timer === this.#timer) this.endTurn();
    });
  }

  #show(event: ChatEvent): void {
    this.events.push(event);
    if (event.type === 'message-received') this.#shown = { type: 'shown', peer: event.from, id: event.id };
  }

  #perform(output: EngineOutput): void {
    switch (output.type) {
      case 'commit':
        break;
      case 'event':
        this.#show(output.event);
        break;
      case 'dial':
        this.#world.connect(this, output.link, output.port);
        break;
      case 'write':
        this.ends.get(output.link)?.write(output.bytes);
        break;
      case 'end':
        this.ends.get(output.link)?.end();
        break;
      case 'release':
        if (output.failure) this.failures.push(output.failure);
        this.ends.get(output.link)?.release();
        break;
    }
  }
}

function receivedLate(from: string, row: InboxRow): ChatEvent {
  return {
    type: 'message-received',
    id: row.id as MessageId,
    from,
    text: new PeerText(decodeUtf8(row.plaintext) ?? ''),
    writtenAtWall: row.timestamp,
    receivedAtWall: row.receivedWall,
    clockMark: false,
    isBelated: true,
  };
}

/** A directory with these people on 127.0.0.1; each password is `pw-<name>` unless given. */
export function directoryFor(
  people: readonly {
    readonly username: string;
    readonly port: number;
    readonly password?: string;
    readonly key?: string;
  }[],
): Directory {
  const json = people.map(({ username, port, password, key }) => ({
    username,
    password: password ?? `pw-${username}`,
    port,
    ip: '127.0.0.1',
    ...(key === undefined ? {} : { key }),
  }));
  const parsed = parseDirectory(encodeUtf8(JSON.stringify(json)));
  if (!parsed.ok) throw new Error(parsed.failure.map((problem) => problem.message).join('; '));
  return parsed.value;
}
