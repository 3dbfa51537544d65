import { encodeUtf8, type Bytes, type Instant } from '../base/index.ts';
import type { Entropy, Primitives } from '../crypto/index.ts';
import { parseDirectory, type Directory } from '../directory/index.ts';
import type { EngineOptions, LinkId } from '../engine/index.ts';
import { nativePrimitives } from '../primitives/index.ts';
import type { RekeyLimits } from '../protocol/session/index.ts';
import { fastSeededEntropy } from './entropy.ts';
import { Pipe } from './pipe.ts';
import { Schedule } from './schedule.ts';
import { SimulatedNode, type SimulatedHome } from './simulated-node.ts';

/** A world is the same again for the same options. */
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
  /** By default keys are as the program's own. */
  readonly entropy?: (seed: number) => Entropy;
  /** What this node's program is started with. */
  readonly settingsOf?: (
    name: string,
  ) => Pick<
    EngineOptions,
    'isEnrolClosed' | 'versionMax' | 'isCallingAtStart' | 'isKeepingSessions' | 'isStoreVolatile' | 'onRepeat'
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
    this.entropy = (options.entropy ?? fastSeededEntropy)(options.seed);
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
    return { keys: { secret, publicKey: this.primitives.x25519PublicKey(secret) }, records: [] };
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
    const { engine } = from;
    this.schedule.after(this.latency(), () => {
      // The program that dialled is gone, and its socket with it: the next one knows nothing of it.
      if (!from.isUp || from.engine !== engine) return undefined;
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
