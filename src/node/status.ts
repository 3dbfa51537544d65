import { readFileSync } from 'node:fs';
import type { ChatOptions, ContactView, SelfView, StatusView } from '../api/index.ts';
import type { Failure } from '../base/index.ts';
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

  constructor(options: ChatOptions, home: Home) {
    this.#options = options;
    this.#home = home;
  }

  /** Throws what reading the home throws. */
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
    return {
      version: ownVersion(),
      pid: process.pid,
      mode: this.#options.mode,
      isAttended: this.#options.onEnd === undefined,
      startedAtWall: this.#startedAtWall,
      self,
      connected: contacts.filter(({ connected }) => connected).map(({ name }) => name),
      contacts: contacts.length,
      waiting: this.#home.waiting,
      unread: contacts.reduce((sum, { unread }) => sum + unread, 0),
      store: { ...this.#home.sizes, ...(trouble && { trouble }) },
      loopDelayMs: this.#loopDelay.view,
    };
  }

  [Symbol.dispose](): void {
    this.#loopDelay[Symbol.dispose]();
  }
}

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { readonly version: string };
  return version;
}
