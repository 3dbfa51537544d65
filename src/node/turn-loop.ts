import type { ChatEvent } from '../api/index.ts';
import { CodedError, unreachable, type Failure, type Instant, type Now } from '../base/index.ts';
import {
  placed,
  type Change,
  type Engine,
  type EngineInput,
  type EngineOutput,
  type Store,
} from '../engine/index.ts';
import { LOOK_EVERY_MS, readClock, StandstillWatch } from './clock.ts';
import { heldOutputs } from './held-outputs.ts';
import type { Links } from './links.ts';
import type { Trace } from './trace.ts';

/** setTimeout's own limit; a later deadline is looked at again then. */
const TIMER_MAX_MS = 2_147_483_647;
/** A store that refused is asked again after this long. */
const COMMIT_RETRY_MS = 1_000;

/** For what was asked while the program ended: it is not on the disk. */
export const ENDING: Failure = {
  code: 'cancelled',
  message: 'The program is ending: this was not finished.',
};

/**
 * One turn: everything the event loop brought in since the last one goes through the engine, what it changed is committed
 * at once, and only then anything is released. Handlers enqueue; this acts.
 */
export class TurnLoop {
  readonly #engine: Engine;
  readonly #store: Store;
  readonly #links: Links;
  readonly #trace: Trace;
  readonly #publish: (event: ChatEvent) => void;
  readonly #ownChanges: (isCommitting: boolean) => readonly Change[];
  readonly #onTurn: () => void;
  readonly #standstill = new StandstillWatch();
  #looking: NodeJS.Timeout | undefined;
  #inputs: EngineInput[] = [];
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** When it goes off. */
  #timerAt: Instant = Number.POSITIVE_INFINITY;
  #isStopped = false;
  /** Commits that the store refused, and the events that wait for them. */
  #held: EngineOutput[] = [];
  #refusal: Failure | undefined;
  #whenCommitted: ((refusal: Failure | undefined) => void)[] = [];

  constructor(options: {
    readonly engine: Engine;
    readonly store: Store;
    readonly links: Links;
    readonly trace: Trace;
    readonly publish: (event: ChatEvent) => void;
    /** What the shell itself has to commit with this turn; false: nothing else is to be committed in it. */
    readonly ownChanges: (isCommitting: boolean) => readonly Change[];
    /** A turn is over. */
    readonly onTurn: () => void;
  }) {
    this.#engine = options.engine;
    this.#store = options.store;
    this.#links = options.links;
    this.#trace = options.trace;
    this.#publish = options.publish;
    this.#ownChanges = options.ownChanges;
    this.#onTurn = options.onTurn;
  }

  enqueue(input: EngineInput): void {
    this.#inputs.push(input);
    this.schedule();
  }
  /** A command has changed the engine: its outputs leave with the next turn. */
  schedule(): void {
    if (!this.#isStopped) this.#immediate ??= setImmediate(() => this.#turn());
  }
  /** After the next turn: undefined when all that was changed until now is on the disk, else why not; it is tried again until the end. */
  async committed(): Promise<Failure | undefined> {
    if (this.#isStopped) return ENDING;
    this.schedule();
    return new Promise((resolve) => this.#whenCommitted.push(resolve));
  }
  /** Why the store takes nothing at present: what is received or queued now could not be kept. */
  get refusal(): Failure | undefined {
    return this.#refusal;
  }
  stop(): void {
    this.#isStopped = true;
    if (this.#immediate) clearImmediate(this.#immediate);
    clearTimeout(this.#timer);
    clearInterval(this.#looking);
    for (const tell of this.#whenCommitted.splice(0)) tell(ENDING);
  }

  #turn(): void {
    this.#immediate = undefined;
    const now = readClock();
    const outputs = this.#held;
    let failure: Failure | undefined;
    for (const input of this.#takeInputs(now)) failure = this.#handle(input, now, outputs) ?? failure;
    const changes = this.#ownChanges(outputs.some(({ type }) => type === 'commit'));
    if (changes.length > 0) outputs.push({ type: 'commit', changes });
    failure ??= this.#commit(outputs);
    if (failure) this.#giveUpTurn(outputs, failure);
    else {
      this.#held = [];
      if (this.#refusal) this.#publish({ type: 'disk-recovered' });
      for (const output of outputs) this.#perform(output);
      this.#links.flush();
    }
    this.#refusal = failure;
    this.#links.readOn();
    this.#setTimer();
    this.#keepLooking();
    for (const tell of this.#whenCommitted.splice(0)) tell(failure);
    this.#onTurn();
  }

  /**
   * A store that cannot be read is one that refuses: what the input was about starts over, as all that goes on does then.
   * What the engine had decided before it read belongs to this turn, and is given up with it.
   */
  #handle(input: EngineInput, now: Now, outputs: EngineOutput[]): Failure | undefined {
    let decided: readonly EngineOutput[];
    let failure: Failure | undefined;
    try {
      decided = this.#engine.handle(input, now);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      failure = error.failure;
      decided = this.#engine.takeOutputs();
    }
    // One by one: a spread of very many is a stack overflow.
    for (const output of decided) outputs.push(output);
    return failure;
  }

  #takeInputs(now: Now): readonly EngineInput[] {
    const inputs = this.#inputs;
    this.#inputs = [];
    if (this.#standstill.look(now)) inputs.unshift({ type: 'resumed' });
    inputs.push({ type: 'turn-ended' });
    return inputs;
  }

  /** While somebody might be waiting for us, or we for a moment to come; it does not keep the program alive. */
  #keepLooking(): void {
    const isWaiting = this.#engine.openLinks > 0 || this.#engine.deadline() !== undefined;
    if (isWaiting && !this.#isStopped) {
      this.#looking ??= setInterval(() => this.schedule(), LOOK_EVERY_MS).unref();
      return;
    }
    // Until the next turn nobody looks, however long that is.
    this.#standstill.forget();
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  #commit(outputs: readonly EngineOutput[]): Failure | undefined {
    const changes: Change[] = [];
    for (const output of outputs) if (output.type === 'commit') changes.push(...output.changes);
    // One that refused is asked whether it works again, also when there is nothing to keep.
    if (changes.length === 0 && !this.#refusal) return undefined;
    try {
      this.#store.commit(changes);
      return undefined;
    } catch (error) {
      if (error instanceof CodedError) return error.failure;
      throw error;
    }
  }

  /**
   * What was not committed must not be said: its events wait for the commit that works, and every session starts over and
   * says what is true then.
   */
  #giveUpTurn(outputs: readonly EngineOutput[], reason: Failure): void {
    this.#held = heldOutputs(outputs);
    if (!this.#refusal) this.#publish({ type: 'trouble', reason });
    for (const output of outputs) {
      if (output.type === 'release') this.#links.release(output.link);
      if (output.type === 'dial') this.enqueue({ type: 'dial-failed', link: output.link, failure: reason });
    }
    this.#links.loseAll(reason);
  }

  #perform(output: EngineOutput): void {
    this.#trace.output(output);
    switch (output.type) {
      case 'commit':
        break;
      case 'event':
        this.#publish(placed(output.event, this.#store));
        break;
      case 'dial':
        this.#links.dial(output.link, output.host, output.port);
        break;
      case 'write':
        this.#links.write(output.link, output.bytes);
        break;
      case 'end':
        this.#links.end(output.link);
        break;
      case 'release':
        this.#links.release(output.link);
        break;
      default:
        unreachable(output);
    }
  }

  /** Deadlines mostly move away, at every turn: a timer that comes too early finds nothing to do and is set again. */
  #setTimer(): void {
    if (this.#isStopped) return;
    const now = readClock().monotonic;
    const deadline = this.#refusal ? now + COMMIT_RETRY_MS : this.#engine.deadline();
    if (deadline === undefined || deadline >= this.#timerAt) return;
    if (deadline <= now) return this.schedule();
    clearTimeout(this.#timer);
    this.#timerAt = deadline;
    const delay = Math.min(TIMER_MAX_MS, Math.ceil(deadline - now));
    this.#timer = setTimeout(() => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.schedule();
    }, delay);
  }
}
