import type { Bytes } from './bytes.ts';

/** What the peer did is refused; the code is one of spec/errors.md. */
export class Refused extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

export function demand(holds: boolean, code: string): asserts holds {
  if (!holds) throw new Refused(code);
}

/**
 * Is told every value that a chapter names, so that vectors can show it, and gives the one to go on with: an honest side
 * takes the same. The wrong peers of the conformance kit put others in the place of what they send.
 */
export type Watch = (name: string, value: Bytes) => Bytes;

export const unwatched: Watch = (_, value) => value;
