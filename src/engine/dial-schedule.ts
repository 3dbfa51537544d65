import type { Failure, Instant } from '../base/index.ts';
import type { Pin } from '../directory/index.ts';
import type { Mode } from '../protocol/handshake/index.ts';

// When and how one contact is dialled next (spec/05, spec/08): back-off, which handshake, and when only a person helps.

export const BACKOFF_MIN_MS = 1_000;
export const BACKOFF_MAX_MS = 300_000;
/** After this many wrong confirmation tags we enrol with the peer no more until a person acts (spec/08). */
export const WRONG_PASSWORDS_MAX = 3;
/** A peer that ends the connection after it saw our key this often in a row holds another key for us. */
const KEY_REFUSALS_MIN = 2;

export class DialSchedule {
  #attempts = 0;
  #addressIndex = 0;
  #lastMode: Mode | undefined;
  #wrongPasswords = 0;
  #keyRefusals = 0;
  #dueAt: Instant = Number.NEGATIVE_INFINITY;
  /** No dial before this, whoever asks: a busy script must not hammer an address. */
  #earliestAt: Instant = Number.NEGATIVE_INFINITY;
  #held = false;
  /** Somebody asked for a dial: it is not put off. */
  #isAsked = false;
  #reason: Failure | undefined;

  /** Why the last attempt failed, until something succeeds. */
  get reason(): Failure | undefined {
    return this.#reason;
  }
  /** Undefined while held: only a person's act or an edit of the directory starts it again. */
  get dueAt(): Instant | undefined {
    return this.#held ? undefined : this.#dueAt;
  }
  get isHeld(): boolean {
    return this.#held;
  }

  /** The contact is there and does not want us: it is not called but for what waits. */
  get isUnwelcome(): boolean {
    return this.#reason !== undefined && REFUSALS.has(this.#reason.code);
  }

  /** Walks through a contact's addresses, one an attempt. */
  nextAddress<Address>(addresses: readonly Address[]): Address | undefined {
    return addresses[this.#addressIndex++ % addresses.length];
  }

  /**
   * P1, P2: no pin enrols, a confirmed pin never does; in between, and while a person has opened a repair window (P3), the
   * two alternate, so that any cut repairs itself.
   */
  nextMode(pin: Pin | undefined, isRepairing: boolean): Mode {
    if (!pin) return 'enrol';
    if (pin.confirmed && !isRepairing) return 'session';
    const mayEnrol = this.#wrongPasswords < WRONG_PASSWORDS_MAX;
    return this.#lastMode === 'session' && mayEnrol ? 'enrol' : 'session';
  }
  /** The handshake in this mode has begun: a mode that never reached the peer does not count as tried. */
  begun(mode: Mode): void {
    this.#lastMode = mode;
  }

  /** Both READYs said ok. The back-off stays until something came of it: a peer may break off right after. */
  succeeded(): void {
    this.#keyRefusals = 0;
    this.#wrongPasswords = 0;
    this.#lastMode = undefined;
    this.#reason = undefined;
    this.#held = false;
    this.#dueAt = Number.NEGATIVE_INFINITY;
  }

  /**
   * One end of the connection after our key was shown may be an accident: it counts as a refusal from the second on. Never with
   * an unconfirmed pin, for which it is what an enrol that was cut leaves behind.
   */
  countRefusal(failure: Failure, isUnconfirmed: boolean): Failure {
    if (failure.code === 'key-refused' && isUnconfirmed) return { ...failure, code: 'not-proven' };
    this.#keyRefusals = failure.code === 'key-refused' ? this.#keyRefusals + 1 : 0;
    return this.#keyRefusals > 0 && this.#keyRefusals < KEY_REFUSALS_MIN
      ? { ...failure, code: 'not-proven' }
      : failure;
  }

  /** `failure` as a person hears it; `jitter` is a fraction in 0..1 from the caller's dice. */
  failed(failure: Failure, now: Instant, jitter: number, isUnconfirmed: boolean): void {
    this.#reason = failure;
    const isWrongPassword = failure.code === 'password-mismatch';
    if (isWrongPassword) this.#wrongPasswords++;
    this.#held = (isWrongPassword && !isUnconfirmed) || ONLY_A_PERSON_HELPS.has(failure.code);
    const ceiling = this.#nextCeiling();
    this.#earliestAt = now + BACKOFF_MIN_MS;
    this.#dueAt = now + ceiling / 2 + (jitter * ceiling) / 2;
  }

  /** Nothing but a person helps, whatever an attempt would say. */
  hold(reason: Failure, now: Instant): void {
    this.#reason = reason;
    this.#held = true;
    this.#earliestAt = now + BACKOFF_MIN_MS;
  }

  /** A message or an ack has come. */
  progressed(): void {
    this.#attempts = 0;
  }

  /** A session was lost: dial again, soon if it had been of use, and a little apart from the peer's own dial. */
  lost(failure: Failure | undefined, now: Instant, jitter: number): void {
    this.#reason = failure;
    this.#earliestAt = now + BACKOFF_MIN_MS;
    this.#dueAt = now + jitter * this.#nextCeiling();
  }

  /** One of many that are called for no reason of their own: not before this, unless somebody asked. */
  begin(at: Instant): void {
    if (!this.#isAsked) this.#dueAt = Math.max(this.#dueAt, at);
  }

  /** We stood still: what failed before says little about now. Whoever waits is tried by then. */
  hurry(at: Instant): void {
    if (this.#dueAt > at) this.#dueAt = Math.max(at, this.#earliestAt);
  }

  /** A new text: try again now, at most once a second, unless the passwords were wrong too often. */
  nudge(): void {
    if (this.#wrongPasswords >= WRONG_PASSWORDS_MAX) return;
    this.#isAsked = true;
    this.#dueAt = this.#held ? this.#earliestAt : Math.min(this.#dueAt, this.#earliestAt);
    this.#held = false;
  }

  /** A person asked for it, or edited the contact's entry: everything starts over. */
  restart(): void {
    this.#isAsked = true;
    this.#attempts = 0;
    this.succeeded();
  }

  #nextCeiling(): number {
    return Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(this.#attempts++, 20));
  }
}

const REFUSALS: ReadonlySet<string> = new Set([
  'peer-refused',
  'key-pending',
  'key-refused',
  'password-mismatch',
]);

const ONLY_A_PERSON_HELPS: ReadonlySet<string> = new Set(['handshake-self', 'handshake-key']);
