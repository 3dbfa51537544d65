import type { Chat } from '../../api/index.ts';
import { CodedError } from '../../base/index.ts';
import { findContact } from '../commands/verify.ts';
import { parseLine } from './parse-line.ts';

/** What is begun and not sent, kept from talk to talk: offered when its conversation is opened, gone when something was sent there. */
export class Drafts {
  readonly #chat: Chat;
  /** What was put before the person, as it is kept. */
  readonly #offered = new Map<string, string>();
  #work: Promise<void> = Promise.resolve();

  constructor(chat: Chat) {
    this.#chat = chat;
  }

  /** Empty when there is none. */
  async offer(name: string): Promise<string> {
    const draft = (await findContact(this.#chat, name))?.draft ?? '';
    if (draft !== '') this.#offered.set(name, draft);
    return draft;
  }

  /** A text went there. */
  sent(name: string): void {
    if (!this.#offered.delete(name)) return;
    this.#work = this.#work.then(async () => this.#keep(name, '')).catch(ignoreRefusal);
  }

  /**
   * The person leaves a line unsent: it is kept for whom it was meant, and what was offered and taken out of the line is gone.
   * Resolves to whose draft it is now.
   */
  async leave(
    line: string,
    fixed: string | undefined,
    known: readonly string[],
  ): Promise<string | undefined> {
    const intent = parseLine(line, known);
    const text = intent.type === 'text' ? intent.text : '';
    const [named, ...others] = intent.type === 'text' ? (intent.to ?? []) : [];
    const name = others.length > 0 ? undefined : (named ?? fixed);
    if (name === undefined || !known.includes(name)) return undefined;
    // A command is no draft, and does not take one away.
    if (intent.type === 'command' || text === (this.#offered.get(name) ?? '')) return undefined;
    await this.#work;
    await this.#keep(name, text);
    return text === '' ? undefined : name;
  }

  async #keep(name: string, text: string): Promise<void> {
    try {
      await this.#chat.setDraft({ name, text });
    } catch (error) {
      // Who was taken out of the directory meanwhile has no draft.
      if (!(error instanceof CodedError) || error.code !== 'contact-unknown') throw error;
    }
  }
}

/** Of a draft that could not be forgotten the disk says more than the face; it is offered again. */
function ignoreRefusal(error: unknown): void {
  if (!(error instanceof CodedError)) throw error;
}
