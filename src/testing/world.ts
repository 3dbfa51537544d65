import type { ChatEvent } from '../api/index.ts';
import { encodeUtf8, type Bytes, type Failure, type Instant, type Now } from '../base/index.ts';
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
import { nativePrimitives } from '../primitives/index.ts';
import { fastSeededEntropy } from './entropy.ts';
import type { RekeyLimits } from '../protocol/session/index.ts';
import { Pipe, type PipeEnd } from './pipe.ts';
import { Schedule } from './schedule.ts';

const WALL_START = 1_700_000_000_000;

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
  readonly settingsOf?: (name: string) => Pick<EngineOptions, 'isEnrolClosed' | 'versionMax'>;
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
    const target = [...this.nodes.values()].find((node) => node.port === port && node.isListening);
    this.schedule.after(this.latency(), () => {
      if (!target || !target.isListening) {
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

export interface SimulatedHome {
  readonly keys: X25519KeyPair;
  readonly records: readonly TrustRecord[];
  readonly guesses?: GuessLedger;
}

export interface RestartOptions {
  /** Nobody is told that the connections are gone; what was on its way still arrives. */
  readonly isPowerLost?: boolean;
}

/** One engine with its sockets and its store played by the world. */
export class SimulatedNode {
  readonly name: string;
  readonly port: number;
  isListening = true;
  readonly events: ChatEvent[] = [];
  readonly changes: Change[] = [];
  readonly ends: Map<LinkId, PipeEnd> = new Map();
  /** Why connections ended. */
  readonly failures: Failure[] = [];
  keys: X25519KeyPair;
  /** How far this machine's wall clock is from the world's, ms. */
  wallOffset = 0;
  engine: Engine;
  readonly #world: World;
  #nextLink = 1;
  #timer = 0;

  constructor(world: World, name: string, port: number, directory: Directory, home: SimulatedHome) {
    this.#world = world;
    this.name = name;
    this.port = port;
    this.keys = home.keys;
    this.engine = this.#openEngine(directory, home);
  }

  /** A new process: the queue and the numbering are gone, the key and the pins are as they were committed, or as given. */
  restart(directory: Directory, home: SimulatedHome = this.home, options: RestartOptions = {}): void {
    if (!options.isPowerLost) for (const end of this.ends.values()) end.pipe.cut();
    this.ends.clear();
    this.keys = home.keys;
    this.changes.length = 0;
    this.engine = this.#openEngine(directory, home);
  }
  /** What is on this node's disk. */
  get home(): SimulatedHome {
    const records = new Map<string, TrustRecord>();
    let guesses: GuessLedger | undefined;
    for (const change of this.changes) {
      if (change.type === 'trust') records.set(change.record.username, change.record);
      if (change.type === 'guesses') guesses = change.guesses;
    }
    return { keys: this.keys, records: [...records.values()], ...(guesses ? { guesses } : {}) };
  }

  get time(): Now {
    return { monotonic: this.#world.now, wall: WALL_START + this.#world.now + this.wallOffset };
  }
  /** Texts that were shown, in order. */
  get received(): readonly { readonly from: string; readonly text: string }[] {
    return this.events.flatMap((event) =>
      event.type === 'message-received' ? [{ from: event.from, text: event.text.exact() }] : [],
    );
  }

  send(to: string, text: string): void {
    const sent = this.engine.commands.sendText({ to, text }, this.time);
    if (!sent.ok) throw new Error(`${sent.failure.code}: ${sent.failure.message}`);
    this.endTurn();
  }

  /** What a person does; the effects leave at once. */
  command<Answer>(act: (commands: Engine['commands'], now: Now) => Answer): Answer {
    const answer = act(this.engine.commands, this.time);
    this.endTurn();
    return answer;
  }

  input(input: EngineInput): void {
    this.#perform(this.engine.handle(input, this.time));
    this.endTurn();
  }
  endTurn(): void {
    this.#perform(this.engine.handle({ type: 'turn-ended' }, this.time));
    this.#setTimer();
  }
  nextLink(): LinkId {
    return this.#nextLink++ as LinkId;
  }

  #openEngine(directory: Directory, { keys, records, guesses }: SimulatedHome): Engine {
    for (const record of records) this.changes.push({ type: 'trust', record });
    if (guesses) this.changes.push({ type: 'guesses', guesses });
    return new Engine({
      ...this.#world.settingsOf(this.name),
      ...(guesses ? { guesses } : {}),
      primitives: this.#world.primitives,
      entropy: this.#world.entropy,
      self: this.name,
      keys,
      directory,
      records,
      lingerMs: this.#world.lingerMs,
      rekey: this.#world.rekey,
      nextLink: () => this.nextLink(),
    });
  }

  #setTimer(): void {
    const deadline = this.engine.deadline();
    const timer = ++this.#timer;
    if (deadline === undefined) return;
    this.#world.schedule.at(Math.max(deadline, this.#world.now), () => {
      if (timer === this.#timer) this.endTurn();
    });
  }

  #perform(outputs: readonly EngineOutput[]): void {
    for (const output of outputs) this.#performOne(output);
  }

  #performOne(output: EngineOutput): void {
    switch (output.type) {
      case 'commit':
        this.changes.push(...output.changes);
        break;
      case 'event':
        this.events.push(output.event);
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
