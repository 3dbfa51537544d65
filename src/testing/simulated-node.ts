import type { ChatEvent, MessageId, SendText } from '../api/index.ts';
import { CodedError, decodeUtf8, PeerText, type Failure, type Now, type Result } from '../base/index.ts';
import type { X25519KeyPair } from '../crypto/index.ts';
import type { Directory, GuessLedger, TrustRecord } from '../directory/index.ts';
import {
  Engine,
  placed,
  type Change,
  type EngineInput,
  type EngineOutput,
  type LinkId,
} from '../engine/index.ts';
import type { InboxRow } from '../protocol/delivery/index.ts';
import type { PipeEnd } from './pipe.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import type { World } from './world.ts';

const WALL_START = 1_700_000_000_000;
/** A disk that refused is asked again after this long. */
const COMMIT_RETRY_MS = 1_000;

/** What is on one node's disk. Without a store: one that is empty. */
export interface SimulatedHome {
  readonly keys: X25519KeyPair;
  readonly records: readonly TrustRecord[];
  readonly guesses?: GuessLedger;
  readonly reachedUs?: ReadonlyMap<string, number>;
  readonly disk?: SimulatedDisk;
}

/** What calls that queued texts have answered. */
export interface Sent {
  readonly kept: readonly MessageId[];
  readonly rejected: readonly MessageId[];
}

/** What a node finds when it begins again. */
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
  /** What the next turn begins with. */
  #first: EngineInput[] = [];
  /** Queued in the turn that is to come. */
  #untold: {
    readonly queued: readonly { readonly to: string; readonly id: MessageId }[];
    readonly tell: (sent: Sent) => void;
  }[] = [];
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

  /** A new process on what the disk holds, or on the home that is given. Throws a CodedError when that cannot be read: it is down then. */
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
    this.#first = [];
    this.#untold = [];
    this.#isRefused = false;
    this.#shown = undefined;
    this.#crash = undefined;
    this.#isUp = false;
    this.engine = this.#openEngine(home);
    this.#isUp = true;
    for (const { from, row } of this.disk.unshown())
      this.#show(receivedLate(from, row, this.disk.store.positionOf(from, row.id) ?? 0));
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
    return this.sendAll([command]).kept[0];
  }
  /** In one turn. Rejected ones are withdrawn, and are to leave never. */
  sendAll(commands: readonly SendText[]): Sent {
    let sent: Sent | undefined;
    this.sendWithNext(commands, (all) => (sent = all));
    const ids = this.#untold.flatMap(({ queued }) => queued.map(({ id }) => id));
    this.endTurn();
    return sent ?? { kept: ids, rejected: [] };
  }
  /** The same in the turn of whatever comes next. Nobody is told when the program dies in it. */
  sendWithNext(commands: readonly SendText[], tell: (sent: Sent) => void): void {
    const queued: { readonly to: string; readonly id: MessageId }[] = [];
    for (const { expiresAtWall, ...rest } of commands) {
      // Time runs in fractions here; a face gives whole milliseconds.
      const command =
        expiresAtWall === undefined ? rest : { ...rest, expiresAtWall: Math.floor(expiresAtWall) };
      let sent: Result<MessageId> | undefined;
      if (failureOf(() => (sent = this.engine.commands.sendText(command, this.time))) || !sent) continue;
      if (!sent.ok) throw new Error(`${sent.failure.code}: ${sent.failure.message}`);
      queued.push({ to: command.to, id: sent.value });
    }
    this.#untold.push({ queued, tell });
  }
  #tellSenders(): void {
    for (const { queued, tell } of this.#untold.splice(0)) {
      const ids = queued.map(({ id }) => id);
      if (this.#isRefused) for (const { to, id } of queued) this.engine.commands.takeBack(to, id, this.time);
      tell(this.#isRefused ? { kept: [], rejected: ids } : { kept: ids, rejected: [] });
    }
  }

  /** A person has edited the directory. */
  useDirectory(directory: Directory): void {
    this.#directory = directory;
    this.input({ type: 'directory', directory });
  }

  /** What a person does; the effects leave at once, also those of a part. Throws what the disk is to blame for. */
  command<Answer>(act: (commands: Engine['commands'], now: Now) => Answer): Answer {
    try {
      return act(this.engine.commands, this.time);
    } finally {
      this.endTurn();
    }
  }

  input(input: EngineInput): void {
    if (this.#isUp) this.#turn([input, { type: 'turn-ended' }]);
  }
  endTurn(): void {
    if (this.#isUp) this.#turn([{ type: 'turn-ended' }]);
  }
  nextLink(): LinkId {
    return this.#nextLink++ as LinkId;
  }

  #openEngine({ keys, records, guesses, reachedUs }: SimulatedHome): Engine {
    const known = new Set(this.disk.home.records);
    for (const record of records) if (!known.has(record)) this.disk.commit([{ type: 'trust', record }]);
    if (guesses && guesses !== this.disk.home.guesses) this.disk.commit([{ type: 'guesses', guesses }]);
    return new Engine({
      ledger: this.disk.ledger,
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
  #turn(inputs: readonly EngineInput[]): void {
    const outputs = this.#held;
    let failure: Failure | undefined;
    for (const input of [...this.#first.splice(0), ...inputs])
      failure = this.#handle(input, outputs) ?? failure;
    const isLast = this.#crash !== undefined && this.#crash.turns-- <= 0;
    if (isLast && this.#crash?.moment === 'before-commit') return this.#die([]);
    const changes: Change[] = this.#shown ? [this.#shown] : [];
    for (const output of outputs) if (output.type === 'commit') changes.push(...output.changes);
    if (changes.length > 0) failure ??= failureOf(() => this.disk.commit(changes));
    if (failure) {
      if (isLast) return this.#die([]);
      this.#giveUpTurn(outputs, failure);
      return this.#tellSenders();
    }
    this.#shown = undefined;
    this.#held = [];
    this.#isRefused = false;
    if (isLast) return this.#die(outputs);
    for (const output of outputs) this.#perform(output);
    this.#setTimer();
    this.#tellSenders();
  }

  #handle(input: EngineInput, outputs: EngineOutput[]): Failure | undefined {
    let decided: readonly EngineOutput[] | undefined;
    const failure = failureOf(() => (decided = this.engine.handle(input, this.time)));
    outputs.push(...(decided ?? this.engine.takeOutputs()));
    return failure;
  }

  #giveUpTurn(outputs: readonly EngineOutput[], failure: Failure): void {
    this.#isRefused = true;
    this.#held = outputs.filter((output) => output.type === 'commit' || output.type === 'event');
    for (const output of outputs) {
      if (output.type === 'release') this.ends.get(output.link)?.release();
      if (output.type === 'dial') this.#first.push({ type: 'dial-failed', link: output.link, failure });
    }
    // As in the program, the engine hears of all losses at once, before anything else: what it wrote in between would leave.
    for (const link of this.ends.keys()) this.#first.push({ type: 'lost', link, failure });
    if (this.#first.length > 0) this.#world.schedule.after(0, () => this.endTurn());
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
    this.#untold = [];
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
        this.#show(placed(output.event, this.disk.store));
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

/** What the world, not we, is to blame for. */
function failureOf(act: () => void): Failure | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof CodedError) return error.failure;
    throw error;
  }
}

function receivedLate(from: string, row: InboxRow, position: number): ChatEvent {
  return {
    type: 'message-received',
    id: row.id as MessageId,
    position,
    from,
    text: new PeerText(decodeUtf8(row.plaintext) ?? ''),
    writtenAtWall: row.timestamp,
    receivedAtWall: row.receivedWall,
    clockMark: false,
    isBelated: true,
  };
}
