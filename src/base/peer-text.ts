import { toSafeText, type SafeText } from './safe-text.ts';

/**
 * Text that a peer wrote. It prints as `SafeText` wherever it becomes a string, so that a forgotten call cannot send an
 * escape sequence to a terminal; only `exact()` and JSON (which must escape it) give the very characters.
 */
export class PeerText {
  readonly #exact: string;

  constructor(exact: string) {
    this.#exact = exact;
  }

  get safe(): SafeText {
    return toSafeText(this.#exact);
  }
  /** The characters as they came. Never for a terminal, a log or a page: every call is a place to review. */
  exact(): string {
    return this.#exact;
  }
  toString(): string {
    return this.safe;
  }
  toJSON(): string {
    return this.#exact;
  }
}
