import { MUTED_FOR_GOOD, type ContactView } from '../api/index.ts';
import { CodedError, encodeUtf8, failure, success, type Result } from '../base/index.ts';
import type { Change, Engine } from '../engine/index.ts';
import type { Home } from '../store/index.ts';
import { readClock } from './clock.ts';

const DRAFT_BYTES_MAX = 32 * 1_024;

type Conversations = Home['conversations'];

/** What of `Chat` a person does to conversations: nothing that peers would hear of. */
export class ConversationDesk {
  readonly #engine: Engine;
  readonly #home: Home;
  /** To be committed with the next turn. */
  #changes: Change[] = [];
  /** As it was read last. */
  #known: Conversations = new Map();

  constructor(engine: Engine, home: Home) {
    this.#engine = engine;
    this.#home = home;
  }

  contacts(): readonly ContactView[] {
    const now = readClock();
    const conversations = this.#read();
    return this.#engine.commands.contacts(now).map((view) => {
      const found = conversations.get(view.name);
      if (!found) return view;
      const { unread, readUpTo, mutedUntilWall = 0, draft } = found;
      return {
        ...view,
        unread,
        ...(readUpTo > 0 && { readUpTo }),
        ...(mutedUntilWall > now.wall && { mutedUntilWall }),
        ...(draft !== undefined && { draft }),
      };
    });
  }

  setDraft({ name, text }: { readonly name: string; readonly text: string }): Result<void> {
    if (!text.isWellFormed())
      return failure('message-malformed', 'The draft is not well-formed Unicode: it holds half a character.');
    if (encodeUtf8(text).length > DRAFT_BYTES_MAX)
      return failure('message-too-long', 'The draft is longer than 32 KiB, the most that fits one message.');
    return this.#change(name, () => ({ type: 'draft', peer: name, text }));
  }

  /** Throws what reading the home throws. */
  markRead({ name, upTo }: { readonly name: string; readonly upTo?: number }): Result<void> {
    if (upTo !== undefined && !(Number.isSafeInteger(upTo) && upTo >= 0)) return noNumber('A position');
    // No further than there is something: what comes later is not read.
    return this.#change(name, () => {
      const last = this.#home.lastPosition(name);
      return { type: 'read', peer: name, upTo: Math.min(upTo ?? last, last) };
    });
  }

  mute({
    name,
    untilWall = MUTED_FOR_GOOD,
  }: {
    readonly name: string;
    readonly untilWall?: number;
  }): Result<void> {
    if (!Number.isSafeInteger(untilWall)) return noNumber('A time');
    const isOver = untilWall <= readClock().wall;
    return this.#change(name, () => ({
      type: 'muted',
      peer: name,
      untilWall: isOver ? undefined : untilWall,
    }));
  }

  takeChanges(): readonly Change[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  #change(name: string, change: () => Change): Result<void> {
    const known = this.#engine.commands.find(name);
    if (!known.ok) return known;
    this.#changes.push(change());
    return success(undefined);
  }
  /** A disk that cannot be read now says so elsewhere. */
  #read(): Conversations {
    try {
      this.#known = this.#home.conversations;
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
    }
    return this.#known;
  }
}

function noNumber(what: string): Result<never> {
  return failure('usage', `${what} is a whole number.`);
}
