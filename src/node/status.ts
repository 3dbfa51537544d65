import { readFileSync } from 'node:fs';
import type { ChatOptions, ContactView, SelfView, StatusView } from '../api/index.ts';
import { CodedError, type Failure } from '../base/index.ts';
import type { Home } from '../store/index.ts';
import { readClock } from './clock.ts';
import { LoopDelay } from './loop-delay.ts';

const PACKAGE = new URL('../../package.json', import.meta.url);

/** How this program is doing, from when it opened its home. */
export class Status implements Disposable {
  readonly #options: ChatOptions;
  readonly #home: Home;
  readonly #startedAtWall = Math.round(readClock().wall);
  readonly #loopDelay = new LoopDelay();
  /** As it was read last. */
  #waiting: StatusView['waiting'] = { messages: 0, bytes: 0 };

  constructor(options: ChatOptions, home: Home) {
    this.#options = options;
    this.#home = home;
  }

  view({
    self,
    contacts,
    trouble,
  }: {
    readonly self: SelfView;
    readonly contacts: readonly ContactView[];
    /** Why the store takes nothing. */
    readonly trouble: Failure | undefined;
  }): StatusView {
    const unreadable = this.#read();
    const why = trouble ?? unreadable;
    return {
      version: ownVersion(),
      pid: process.pid,
      mode: this.#options.mode,
      isAttended: this.#options.onEnd === undefined,
      startedAtWall: this.#startedAtWall,
      self,
      connected: contacts.filter(({ connected }) => connected).map(({ name }) => name),
      contacts: contacts.length,
      waiting: this.#waiting,
      unread: contacts.reduce((sum, { unread }) => sum + unread, 0),
      store: { ...this.#home.sizes, ...(why && { trouble: why }) },
      loopDelayMs: this.#loopDelay.view,
    };
  }

  /** Why it cannot be read; then it is as it was. */
  #read(): Failure | undefined {
    try {
      this.#waiting = this.#home.waiting;
      return undefined;
    } catch (error) {
      if (error instanceof CodedError) return error.failure;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#loopDelay[Symbol.dispose]();
  }
}

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { readonly version: string };
  return version;
}
