import { equalBytes, Secret, type Bytes } from '../base/index.ts';
import type { Role } from '../protocol/handshake/index.ts';
import type { Pin, TrustRecord } from './pin.ts';

// The rules for pins, P1 to P7 of spec/08-trust.md, as pure functions from a record to the next one.

export const REPAIR_WINDOW_MS = 600_000;
const FORMER_KEYS_MAX = 16;
const LAST_SEEN_EXACT_MS = 60_000;

export interface ProvenKey {
  readonly username: string;
  readonly key: Bytes;
  readonly psk: Bytes;
}

/** ok: talk · key-pending: a person decides · refused: not in the directory. The values of READY's status. */
export type Verdict = 'ok' | 'key-pending' | 'refused';

/** All records, asked by name and by key; P5: one static key, one username. */
export class TrustBook {
  readonly #records = new Map<string, TrustRecord>();

  constructor(records: Iterable<TrustRecord>) {
    for (const record of records) this.#records.set(record.username, record);
  }

  get names(): readonly string[] {
    return [...this.#records.keys()];
  }
  record(username: string): TrustRecord {
    return this.#records.get(username) ?? { username };
  }
  /** The name under which this key is pinned or pending, with its psk. */
  findKey(
    key: Bytes,
  ): { readonly username: string; readonly psk: Bytes; readonly isPending: boolean } | undefined {
    for (const { username, pin, pending } of this.#records.values()) {
      if (pin && equalBytes(pin.key, key)) return { username, psk: pin.psk.reveal(), isPending: false };
      if (pending && equalBytes(pending.key, key))
        return { username, psk: pending.psk.reveal(), isPending: true };
    }
    return undefined;
  }
  put(record: TrustRecord): void {
    this.#records.set(record.username, record);
  }
}

/**
 * May an enrol in this name with this key run with the real passwords, or does it take the unknown user's path? Asked by
 * the responder after PAKE1.
 */
export function mayEnrol(book: TrustBook, username: string, key: Bytes, nowWall: number): boolean {
  const owner = book.findKey(key);
  if (owner && owner.username !== username) return false; // P5
  const { pin, pending, repairUntilWall } = book.record(username);
  if (!pin) return true; // P1
  if (equalBytes(pin.key, key)) return !pin.confirmed || nowWall < (repairUntilWall ?? 0); // P3
  return !pending || equalBytes(pending.key, key); // P4: no third key displaces a pending one
}

/** Is somebody awaited, so that even a program that is closed to strangers listens to an enrol? */
export function isEnrolAwaited(book: TrustBook, nowWall: number): boolean {
  return book.names.some((name) => {
    const { pending, repairUntilWall } = book.record(name);
    return pending !== undefined || nowWall < (repairUntilWall ?? 0);
  });
}

/** While closed to strangers: only the key that is awaited under this name (and that `mayEnrol` lets in). */
export function isAwaitedKey(book: TrustBook, username: string, key: Bytes, nowWall: number): boolean {
  const { pin, pending, repairUntilWall } = book.record(username);
  if (pending && equalBytes(pending.key, key)) return true;
  return pin !== undefined && equalBytes(pin.key, key) && nowWall < (repairUntilWall ?? 0);
}

/**
 * An enrol has proven the passwords: pin the key, or let it wait beside the one that is pinned (P4). Undefined when it may
 * not count, for what was allowed when it began need not be so at its end, and the dialler is not asked when it begins.
 */
export function settleEnrol(
  book: TrustBook,
  proven: ProvenKey & { readonly role: Role },
  nowWall: number,
): { readonly record: TrustRecord; readonly verdict: Verdict } | undefined {
  const record = book.record(proven.username);
  const owner = book.findKey(proven.key);
  if (owner && owner.username !== proven.username) return undefined; // P5
  if (record.pending && !isAmong(proven.key, record.pin, record.pending)) return undefined; // P4
  // P3. The dialler commits first: were PAKE3 lost, the two would hold different psks, one of them for good.
  const isConfirmed = record.pin?.confirmed === true && equalBytes(record.pin.key, proven.key);
  const isRepairing = nowWall < (record.repairUntilWall ?? 0);
  if (isConfirmed && proven.role === 'initiator' && !isRepairing) return undefined;
  const psk = new Secret(proven.psk);
  if (record.pin && !equalBytes(record.pin.key, proven.key)) {
    return {
      record: { ...record, pending: { key: proven.key, psk, sinceWall: nowWall } },
      verdict: 'key-pending',
    };
  }
  const pin: Pin = record.pin
    ? { ...record.pin, psk, confirmed: false, lastSeenWall: nowWall }
    : newPin(proven.key, psk, nowWall, 'none');
  const { repairUntilWall: _, ...rest } = record;
  return { record: { ...rest, pin }, verdict: 'ok' };
}

/**
 * A session handshake has completed with the pinned key: the pin is confirmed for good (P2). “Last seen” is exact to a minute,
 * so that a peer that comes and goes does not cost a write each time: the very same record then comes back.
 */
export function settleSession(record: TrustRecord, nowWall: number): TrustRecord {
  if (!record.pin) return record;
  const sinceSeen = nowWall - record.pin.lastSeenWall;
  if (record.pin.confirmed && sinceSeen >= 0 && sinceSeen < LAST_SEEN_EXACT_MS) return record;
  return { ...record, pin: { ...record.pin, confirmed: true, lastSeenWall: nowWall } };
}

/** A person named the pending key's fingerprint: it becomes the pin, unconfirmed until its first session. */
export function approvePending(record: TrustRecord, nowWall: number): TrustRecord {
  if (!record.pending) return record;
  const former = record.pin ? [{ key: record.pin.key, untilWall: nowWall }, ...record.pin.formerKeys] : [];
  const pin: Pin = {
    ...newPin(record.pending.key, record.pending.psk, nowWall, 'approved'),
    formerKeys: former.slice(0, FORMER_KEYS_MAX),
  };
  return { username: record.username, pin };
}

/** The lowest version only rises. The very same record when it does not. */
export function raiseVersion(record: TrustRecord, minVersion: number): TrustRecord {
  if (!record.pin || record.pin.minVersion >= minVersion) return record;
  return { ...record, pin: { ...record.pin, minVersion } };
}

/** P3: for ten minutes the pinned key may enrol again. */
export function openRepairWindow(record: TrustRecord, nowWall: number): TrustRecord {
  return { ...record, repairUntilWall: nowWall + REPAIR_WINDOW_MS };
}

function isAmong(key: Bytes, ...known: readonly ({ readonly key: Bytes } | undefined)[]): boolean {
  return known.some((each) => each !== undefined && equalBytes(each.key, key));
}

function newPin(key: Bytes, psk: Secret<Bytes>, nowWall: number, verified: Pin['verified']): Pin {
  return {
    key,
    psk,
    confirmed: false,
    createdWall: nowWall,
    lastSeenWall: nowWall,
    verified,
    minVersion: 1,
    formerKeys: [],
  };
}
