import { createHash, randomBytes } from 'node:crypto';
import type { Chat, ChatOptions } from '../api/index.ts';
import { CodedError, type Bytes, type Failure } from '../base/index.ts';
import { controlPath, serveControl, type ControlOptions } from '../control/index.ts';
import type { X25519KeyPair } from '../crypto/index.ts';
import type { Directory, DirectoryEntry } from '../directory/index.ts';
import { Engine, type Change, type EngineOptions } from '../engine/index.ts';
import type { Listener } from '../net/index.ts';
import { nativePrimitives, systemEntropy } from '../primitives/index.ts';
import type { Home } from '../store/index.ts';
import { ConversationDesk } from './conversation-desk.ts';
import { EventHub } from './event-hub.ts';
import { IdleWork } from './idle-work.ts';
import { Links } from './links.ts';
import { keepListening } from './listening.ts';
import { loadDirectory } from './load-directory.ts';
import { MessageDesk } from './message-desk.ts';
import { NodeChat } from './node-chat.ts';
import { Retention } from './retention.ts';
import { Status } from './status.ts';
import { Trace } from './trace.ts';
import { TurnLoop } from './turn-loop.ts';

const DEFAULT_LINGER_MS = 60_000;
/** That a message was shown is committed with the next turn; when there is none, after this long. */
const SHOWN_MS = 200;
/** Messages of one page for a screen that has missed some. */
const UNSHOWN_PAGE = 100;
/** Messages that are asked how late it was when they were written. */
const NEWEST = 200;

type Environment = Readonly<Record<string, string | undefined>>;

/** The engine with real sockets, a real clock and a real home round it. */
export class Node {
  readonly #home: Home;
  readonly #path: string;
  readonly #keys: X25519KeyPair;
  /** What the own entry says, to notice when it says another one. */
  #own: DirectoryEntry | undefined;
  readonly #hub: EventHub;
  readonly #desk: MessageDesk;
  readonly #conversations: ConversationDesk;
  readonly #status: Status;
  readonly #trace: Trace;
  readonly #idle: IdleWork;
  readonly #links: Links;
  readonly #engine: Engine;
  readonly #loop: TurnLoop;
  #retention: Retention | undefined;
  #shownTimer: NodeJS.Timeout | undefined;
  #isShownDue = false;
  #isRecoveryTold: boolean;
  #isFreed = false;

  constructor(
    options: ChatOptions,
    parts: {
      readonly path: string;
      readonly directory: Directory;
      readonly home: Home;
      readonly trace: string | undefined;
    },
  ) {
    this.#home = parts.home;
    this.#isRecoveryTold = parts.home.recoveryTrouble !== undefined;
    this.#path = parts.path;
    this.#own = parts.directory.entry(parts.home.username);
    this.#keys = {
      secret: parts.home.secret,
      publicKey: nativePrimitives.x25519PublicKey(parts.home.secret),
    };
    this.#hub = this.#openHub();
    this.#links = new Links({
      enqueue: (input) => this.#loop.enqueue(input),
      engine: () => this.#engine,
    });
    this.#trace = new Trace(parts.trace, (line) => process.stderr.write(line));
    this.#engine = new Engine({
      ...this.#engineOptions(options, parts),
      onEnvelope: this.#trace.onEnvelope,
      onRepeat: this.#trace.onRepeat,
    });
    this.#conversations = new ConversationDesk(this.#engine, parts.home);
    this.#status = new Status(options, parts.home);
    this.#idle = new IdleWork(() => this.#tidy());
    this.#loop = new TurnLoop({
      engine: this.#engine,
      store: parts.home,
      links: this.#links,
      trace: this.#trace,
      publish: (event) => {
        this.#hub.publish(event);
        this.#retention?.heard(event);
      },
      ownChanges: (isCommitting) => {
        const changes = this.#conversations.takeChanges();
        return [...changes, ...this.#shownChanges(isCommitting || changes.length > 0)];
      },
      onTurn: () => {
        this.#idle.postpone();
        this.#tellRecovery();
      },
    });
    this.#desk = new MessageDesk({
      history: parts.home.history,
      engine: this.#engine,
      isOpen: () => !this.#isFreed,
      kept: async () => {
        const refusal = await this.#loop.committed();
        if (refusal) throw new CodedError(refusal);
      },
      onErased: () => this.#hub.forgetMessages(),
    });
  }

  warn(reason: Failure): void {
    this.#hub.publish({ type: 'trouble', reason });
  }

  /** The directory file was edited: the new one comes into force, or the last good one stays (DIR-01, DIR-02). */
  reloadDirectory(): void {
    try {
      const { directory, warnings } = loadDirectory(this.#path);
      const own = directory.entry(this.#home.username);
      if (!own) throw ownEntryMissing(this.#home.username);
      for (const reason of warnings) this.warn(reason);
      if (own.port !== this.#own?.port) this.warn(ownPortChanged(own.port));
      this.#own = own;
      this.#loop.enqueue({ type: 'directory', directory });
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.#hub.publish({ type: 'directory-rejected', problems: [error.failure] });
    }
  }

  /** Listens if asked to, serves other commands, and is then ready for a face. `watching` is aborted when the chat closes. */
  async start({ options, env, watching, yieldHome }: Start): Promise<NodeChat> {
    let listener: Listener | undefined;
    try {
      if (options.mode === 'listen') listener = await this.#listen(options, watching.signal);
      const { username, folder: home } = this.#home;
      const key = nativePrimitives.encodeBase64(this.#keys.publicKey);
      const listening = listener?.addresses ?? [];
      let control: AsyncDisposable | undefined;
      const chat = new NodeChat({
        self: { username, key, home, directory: this.#path, listening },
        engine: this.#engine,
        loop: this.#loop,
        hub: this.#hub,
        home: this.#home,
        desk: this.#desk,
        conversations: this.#conversations,
        status: this.#status,
        trace: this.#trace,
        stopServing: async () => control?.[Symbol.asyncDispose](),
        free: async () => {
          watching.abort();
          this.#links.releaseAll();
          await listener?.[Symbol.asyncDispose]();
          this.#free();
        },
      });
      if (options.mode !== 'offline')
        control = await this.#serve(chat, env, { yieldHome, end: options.onEnd });
      if (options.keepMs !== undefined) this.#keepFor(options.keepMs, watching.signal);
      // The calls at the start, and what is due.
      this.#loop.schedule();
      return chat;
    } catch (error) {
      this.#loop.stop();
      await listener?.[Symbol.asyncDispose]();
      this.#free();
      throw error;
    }
  }

  async #listen(options: ChatOptions, signal: AbortSignal): Promise<Listener> {
    const { port = this.#own?.port ?? 0 } = options;
    if (port !== 0 && this.#own && !this.#own.addresses.some((place) => place.port === port))
      this.warn(otherPort(port, this.#own.port));
    return keepListening({
      port,
      bind: options.bind ?? [],
      isRefused: (address) => this.#links.isRefused(address),
      onSocket: (socket) => this.#links.accept(socket),
      warn: (reason) => this.warn(reason),
      signal,
    });
  }

  #openHub(): EventHub {
    const { history } = this.#home;
    return new EventHub({
      store: {
        messages: (after) => history.unshown(after, UNSHOWN_PAGE),
        progress: (from) => this.#desk.progress(from),
        highestPosition: () => this.#home.highestPosition,
        lowestUnsettled: () => history.lowestWaiting,
      },
      onShown: () => this.#shownSoon(),
      home: nameOf(this.#keys.publicKey, this.#home.lineage),
      run: randomBytes(8).toString('hex'),
    });
  }

  #keepFor(keepMs: number, signal: AbortSignal): void {
    this.#retention = new Retention({
      keepMs,
      erase: async (query) => this.#desk.eraseKept(query),
      publish: (event) => this.#hub.publish(event),
      newest: this.#home.history.page({ limit: NEWEST }).entries,
    });
    this.#retention.start(signal);
  }

  /** Without its socket a program that somebody sits in front of chats on: only other commands cannot use this home meanwhile. */
  async #serve(chat: Chat, env: Environment, how: ControlOptions): Promise<AsyncDisposable | undefined> {
    try {
      return await serveControl(chat, controlPath(this.#home.folder, env), how);
    } catch (error) {
      // One that nobody sits in front of would be out of anybody’s reach.
      if (!(error instanceof CodedError) || how.end) throw error;
      this.warn(error.failure);
      return undefined;
    }
  }

  #engineOptions(
    options: ChatOptions,
    { directory, home }: { readonly directory: Directory; readonly home: Home },
  ): EngineOptions {
    return {
      primitives: nativePrimitives,
      entropy: systemEntropy,
      self: home.username,
      keys: this.#keys,
      directory,
      records: home.records,
      ledger: home,
      reachedUs: home.reachedUs,
      guesses: home.guesses,
      isEnrolClosed: options.isClosed ?? false,
      lingerMs: options.lingerMs ?? DEFAULT_LINGER_MS,
      isDialling: options.mode !== 'offline',
      isCallingAtStart: options.mode === 'listen',
      // Whoever says how long a session is kept wants it so.
      isKeepingSessions: options.mode === 'listen' && options.lingerMs === undefined,
      // What is taken is on the disk before it is acked: whether a person sees it now or later.
      hasRoom: () => this.#hub.hasRoom && this.#loop.refusal === undefined,
      nextLink: () => this.#links.nextId(),
    };
  }

  #shownSoon(): void {
    this.#shownTimer ??= setTimeout(() => {
      this.#shownTimer = undefined;
      this.#isShownDue = true;
      this.#loop.schedule();
    }, SHOWN_MS).unref();
  }
  /** An fsync of its own only when no other comes for a while. */
  #shownChanges(isCommitting: boolean): readonly Change[] {
    if (!isCommitting && !this.#isShownDue && !this.#hub.isClosed) return [];
    this.#isShownDue = false;
    clearTimeout(this.#shownTimer);
    this.#shownTimer = undefined;
    return this.#hub.takeShown().map((shown) => ({ type: 'shown', ...shown }));
  }

  /** Once for each time that it begins to be behind; at the start, the home's notices say it. */
  #tellRecovery(): void {
    const { recoveryTrouble } = this.#home;
    if (recoveryTrouble && !this.#isRecoveryTold) this.warn(recoveryTrouble);
    this.#isRecoveryTold = recoveryTrouble !== undefined;
  }

  /** A disk that refuses says so with the next commit. */
  #tidy(): boolean {
    try {
      return !this.#isFreed && this.#loop.refusal === undefined && this.#home.tidy();
    } catch (error) {
      if (error instanceof CodedError) return false;
      throw error;
    }
  }

  #free(): void {
    this.#isFreed = true;
    this.#status[Symbol.dispose]();
    this.#idle[Symbol.dispose]();
    this.#home[Symbol.dispose]();
  }
}

export interface Start {
  readonly options: ChatOptions;
  readonly env: Environment;
  readonly watching: AbortController;
  /** Another program wants to listen on this home: true when it is going to be free. */
  readonly yieldHome: () => boolean;
}

/** Nobody else's cursors begin so. */
function nameOf(publicKey: Bytes, lineage: Bytes): string {
  return createHash('sha256')
    .update('sotto event cursor')
    .update(publicKey)
    .update(lineage)
    .digest('base64url')
    .slice(0, 8);
}

/** The listener stays where the start put it: others would look for us elsewhere. */
function ownPortChanged(port: number): Failure {
  return {
    code: 'own-entry',
    message: `your own entry names port ${port} now; this program goes on listening where it was started`,
    hint: `End it and start it again with --port ${port}.`,
  };
}

/** A router may forward the one to the other; otherwise nobody reaches us. */
function otherPort(port: number, ownPort: number): Failure {
  return {
    code: 'own-entry',
    message: `this program listens on port ${port}, but your own entry says ${ownPort}: there others dial`,
    hint: `If nothing forwards ${ownPort} to ${port}, start it with --port ${ownPort}, or without.`,
  };
}

/** Without it we have no password, and nobody could meet us. */
function ownEntryMissing(username: string): CodedError {
  return new CodedError({
    code: 'own-entry',
    message: `the directory no longer lists ${username}, who runs this program`,
    hint: 'Put the entry back; until then the last good directory stays in force.',
  });
}
