import type { Chat } from '../../api/index.ts';
import { CodedError } from '../../base/index.ts';

/**
 * How far a person has read: what is shown while its conversation is open. With nobody fixed by `/to` all of them are, since they
 * stand in one stream.
 */
export class Reading {
  readonly #chat: Chat;
  /** The last position that was shown of each contact, and the last that was told. */
  readonly #shown = new Map<string, number>();
  readonly #told = new Map<string, number>();
  readonly #wanted = new Map<string, number>();
  #open: readonly string[] = [];
  #telling: Promise<void> | undefined;

  constructor(chat: Chat) {
    this.#chat = chat;
  }

  /** These are open from now on; none: all. What was shown of them is read. */
  open(names: readonly string[]): void {
    this.#open = names;
    for (const name of this.#shown.keys()) this.#tellOf(name);
  }
  shown(name: string, position: number): void {
    this.#shown.set(name, Math.max(position, this.#shown.get(name) ?? 0));
    this.#tellOf(name);
  }
  /** Who answers has read what was shown. */
  answered(name: string): void {
    this.#tellOf(name, true);
  }
  /** Resolves when everything is told. */
  async settled(): Promise<void> {
    await this.#telling;
  }

  #tellOf(name: string, isOpen: boolean = this.#open.length === 0 || this.#open.includes(name)): void {
    const upTo = this.#shown.get(name);
    if (!isOpen || upTo === undefined || upTo <= (this.#told.get(name) ?? 0)) return;
    this.#wanted.set(name, upTo);
    this.#telling ??= this.#tell();
  }
  /** One at a time: of many messages the last position is enough. */
  async #tell(): Promise<void> {
    await Promise.resolve();
    for (const [name, upTo] of this.#wanted) {
      this.#wanted.delete(name);
      this.#told.set(name, upTo);
      try {
        await this.#chat.markRead({ name, upTo });
      } catch (error) {
        // A disk that takes nothing is said elsewhere, and whoever left the directory has no position.
        if (!(error instanceof CodedError)) throw error;
      }
    }
    this.#telling = undefined;
  }
}
