import { toSafeText, type SafeText } from './safe-text.ts';

/**
 * Text that a peer wrote. It prints as `SafeText` wherever it becomes a string, in a template or on the console, so that a forgotten
 * call cannot send an escape sequence to a terminal; only `exact()` and JSON (which must escape it) give the very characters.
 *
 * @example
 * console.log(`${event.from}: ${event.text.safe}`); // to a person
 * await chat.sendText({ to: 'bob', text: event.text.exact() }); // to a program
 */
export class PeerText {
  readonly #exact: string;

  constructor(exact: string) {
    this.#exact = exact;
  }

  /** What a terminal may show: whatever is not plain text stands there as a visible mark, such as `‹U+001B›`. */
  get safe(): SafeText {
    return toSafeText(this.#exact);
  }
  /** The characters as they came. Never for a terminal, a log or a page: every call is a place to review. */
  exact(): string {
    return this.#exact;
  }
  /** As `safe`: for templates. */
  toString(): string {
    return this.safe;
  }
  /** As `exact()`: `JSON.stringify` escapes control characters, though not every one that a terminal obeys. */
  toJSON(): string {
    return this.#exact;
  }
}

// For `console.log` and debuggers of hosts that look for this method, as Node does.
Object.defineProperty(PeerText.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(
    this: PeerText,
    _depth: unknown,
    options: unknown,
    inspect: (text: string, options: unknown) => string,
  ) {
    return inspect(this.safe, options);
  },
});
