import { readFileSync } from 'node:fs';
import type { Chat } from '../../api/index.ts';
import { CodedError } from '../../base/index.ts';
import { Memory } from './memory.ts';
import { Pace } from './pace.ts';
import { ProgressWatch } from './progress-watch.ts';

export interface ControlOptions {
  /** Another program wants to listen on this home; true when it is going to be free. Default: it is not. */
  readonly yieldHome?: () => boolean;
  /** Another program asks this one to end; called when that one has its answer. Default: node-attended. */
  readonly end?: (() => void) | undefined;
}

/** The same folder of the package from the sources and from what is built of them. */
const DOCUMENT = new URL('../../../docs/openrpc.json', import.meta.url);

/** What all clients of one server share. */
export class Desk {
  readonly chat: Chat;
  readonly memory: Memory = new Memory();
  readonly watch: ProgressWatch;
  readonly pace: Pace = new Pace();
  readonly #options: ControlOptions;
  #isYielding = false;

  constructor(chat: Chat, options: ControlOptions) {
    this.chat = chat;
    this.watch = new ProgressWatch(chat);
    this.#options = options;
  }

  get isYielding(): boolean {
    return this.#isYielding;
  }
  yieldHome(): boolean {
    this.#isYielding = this.#options.yieldHome?.() === true;
    return this.#isYielding;
  }

  /** `answered` resolves when nobody waits for the answer any longer. */
  down(answered: () => Promise<void>): void {
    const { end } = this.#options;
    if (!end)
      throw new CodedError({
        code: 'node-attended',
        message: 'somebody sits in front of the Sotto that uses this home: it is not ended from outside',
        hint: 'Leave it where it runs: /quit, or Ctrl-C.',
      });
    setImmediate(() => void answered().then(end));
  }

  readonly document = (): unknown => JSON.parse(readFileSync(DOCUMENT, 'utf8')) as unknown;
}
