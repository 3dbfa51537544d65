import type { ChatOptions } from '../api/index.ts';
import { CodedError, type Failure } from '../base/index.ts';
import type { X25519KeyPair } from '../crypto/index.ts';
import type { Directory } from '../directory/index.ts';
import { Engine } from '../engine/index.ts';
import { nativePrimitives, systemEntropy } from '../primitives/index.ts';
import type { Home } from '../store/index.ts';
import { EventHub } from './event-hub.ts';
import { Links } from './links.ts';
import { keepListening } from './listening.ts';
import { loadDirectory } from './load-directory.ts';
import { NodeChat } from './node-chat.ts';
import { Trace } from './trace.ts';
import { TurnLoop } from './turn-loop.ts';

const DEFAULT_LINGER_MS = 60_000;

/** The engine with real sockets, a real clock and a real home round it. */
export class Node {
  readonly #home: Home;
  readonly #path: string;
  readonly #keys: X25519KeyPair;
  /** What the own entry says, to notice when it says another one. */
  #ownPort: number | undefined;
  readonly #hub = new EventHub();
  readonly #links: Links;
  readonly #engine: Engine;
  readonly #loop: TurnLoop;

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
    this.#path = parts.path;
    this.#ownPort = parts.directory.entry(parts.home.username)?.port;
    this.#keys = {
      secret: parts.home.secret,
      publicKey: nativePrimitives.x25519PublicKey(parts.home.secret),
    };
    this.#links = new Links({
      enqueue: (input) => this.#loop.enqueue(input),
      engine: () => this.#engine,
    });
    const trace = new Trace(parts.trace, (line) => process.stderr.write(line));
    this.#engine = new Engine({
      primitives: nativePrimitives,
      entropy: systemEntropy,
      self: parts.home.username,
      keys: this.#keys,
      directory: parts.directory,
      records: parts.home.records,
      guesses: parts.home.guesses,
      isEnrolClosed: options.isClosed ?? false,
      lingerMs: options.lingerMs ?? DEFAULT_LINGER_MS,
      isDialling: options.mode === 'listen' || options.mode === 'dial',
      // A one-shot send has nobody to show a message to.
      isStoreVolatile: true,
      hasRoom: () => options.mode !== 'dial' && this.#hub.hasRoom && !this.#loop.isRefused,
      nextLink: () => this.#links.nextId(),
      onEnvelope: trace.onEnvelope,
    });
    this.#loop = new TurnLoop({
      engine: this.#engine,
      store: parts.home,
      links: this.#links,
      trace,
      publish: (event) => this.#hub.publish(event),
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
      if (own.port !== this.#ownPort) this.warn(ownPortChanged(own.port));
      this.#ownPort = own.port;
      this.#loop.enqueue({ type: 'directory', directory });
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.#hub.publish({ type: 'directory-rejected', problems: [error.failure] });
    }
  }

  /** Listens if asked to, and is then ready for a face. `watching` is aborted when the chat closes. */
  async start(options: ChatOptions, watching: AbortController): Promise<NodeChat> {
    const listener =
      options.mode === 'listen'
        ? await keepListening({
            port: options.port ?? 0,
            bind: options.bind ?? [],
            isRefused: (address) => this.#links.isRefused(address),
            onSocket: (socket) => this.#links.accept(socket),
            warn: (reason) => this.warn(reason),
            signal: watching.signal,
          })
        : undefined;
    const self = {
      username: this.#home.username,
      key: nativePrimitives.encodeBase64(this.#keys.publicKey),
      home: this.#home.folder,
      directory: this.#path,
      listening: listener?.addresses ?? [],
    };
    const free = async (): Promise<void> => {
      watching.abort();
      this.#links.releaseAll();
      await listener?.[Symbol.asyncDispose]();
      this.#home[Symbol.dispose]();
    };
    return new NodeChat({ self, engine: this.#engine, loop: this.#loop, hub: this.#hub, free });
  }
}

/** The listener stays where the start put it: others would look for us elsewhere. */
function ownPortChanged(port: number): Failure {
  return {
    code: 'own-entry',
    message: `your own entry names port ${port} now; this program goes on listening where it was started`,
    hint: `End it and start it again with --port ${port}.`,
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
