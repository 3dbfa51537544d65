import type { ChatEvent } from '../api/index.ts';
import { concatBytes, decodeUtf8, encodeUtf8, equalBytes, type Bytes } from '../base/index.ts';
import type { Primitives, X25519KeyPair } from '../crypto/index.ts';
import {
  approvePending,
  formatSafetyNumber,
  isAwaitedKey,
  isEnrolAwaited,
  mayEnrol,
  openRepairWindow,
  raiseVersion,
  safetyNumber,
  settleEnrol,
  settleSession,
  TrustBook,
  type Directory,
  type TrustRecord,
  type Verdict,
} from '../directory/index.ts';
import type { EnrolAuthority, Established, SessionAuthority } from '../protocol/handshake/index.ts';
import { PROTOCOL_VERSION } from '../protocol/wire/index.ts';

type EnrolClaim = Parameters<EnrolAuthority['passwordsFor']>[0];
interface EnrolPasswords {
  readonly pwI: Bytes;
  readonly pwR: Bytes;
}

/** Who is who while a handshake runs, and what its end does to the pins (spec/08-trust.md). */
export class TrustDesk {
  readonly book: TrustBook;
  directory: Directory;
  readonly #primitives: Primitives;
  readonly #self: string;
  readonly #keys: X25519KeyPair;
  /** Makes fakes that nobody can tell from the real thing, new at every start. */
  readonly #bootSecret: Bytes;
  readonly #isEnrolClosed: boolean;

  constructor(options: {
    readonly primitives: Primitives;
    readonly self: string;
    readonly keys: X25519KeyPair;
    readonly directory: Directory;
    readonly records: Iterable<TrustRecord>;
    readonly bootSecret: Bytes;
    readonly isEnrolClosed: boolean;
  }) {
    this.#primitives = options.primitives;
    this.#self = options.self;
    this.#keys = options.keys;
    this.directory = options.directory;
    this.book = new TrustBook(options.records);
    this.#bootSecret = options.bootSecret;
    this.#isEnrolClosed = options.isEnrolClosed;
  }

  /** The option `closed`: nobody is awaited, so no enrol is even begun (spec/08 "Closed"). */
  isClosedToEnrols(nowWall: number): boolean {
    return this.#isEnrolClosed && !isEnrolAwaited(this.book, nowWall);
  }

  /** Unknown names, foreign keys and closed doors get passwords that nobody has: same work, same bytes, same silence. */
  enrolPasswords(claim: EnrolClaim, nowWall: number): EnrolPasswords {
    // Made for everybody, or the work would tell who is known.
    const fakes = {
      pwI: this.#fake('pw I', claim.userI, claim.userR),
      pwR: this.#fake('pw R', claim.userI, claim.userR),
    };
    return this.#realPasswords(claim, nowWall) ?? fakes;
  }

  sessionAuthority(): SessionAuthority {
    return {
      pskFor: (remoteStatic) => {
        const fake = this.#fake('psk', remoteStatic);
        const found = this.book.findKey(remoteStatic);
        return found && this.#isSpoken(found.username, remoteStatic) ? found.psk : fake;
      },
      nameFor: (remoteStatic) => this.book.findKey(remoteStatic)?.username,
    };
  }

  /** The passwords of a dial, own and peer's. */
  passwords(peer: string): { readonly own: string; readonly peer: string } {
    return { own: this.#password(this.#self), peer: this.#password(peer) };
  }

  /**
   * What a proven peer means for the pins. The record is to be committed before anything more is said on the link. Undefined
   * when it may mean nothing: the link ends in silence.
   */
  settle(
    established: Established,
    nowWall: number,
  ):
    | {
        readonly record: TrustRecord;
        readonly isChanged: boolean;
        readonly verdict: Verdict;
        readonly event?: ChatEvent;
      }
    | undefined {
    const { remoteName: username, remoteStatic: key, pairPsk, role } = established;
    const before = this.book.record(username);
    const settled = pairPsk
      ? settleEnrol(this.book, { username, key, psk: pairPsk, role }, nowWall)
      : this.#settleSession(before, established, nowWall);
    if (!settled) return undefined;
    this.book.put(settled.record);
    const isNew =
      settled.verdict === 'key-pending' && !(before.pending && equalBytes(before.pending.key, key));
    return {
      ...settled,
      isChanged: settled.record !== before,
      verdict: this.#listed(username, key, settled.verdict),
      ...(isNew ? { event: this.#pendingEvent(settled.record) } : {}),
    };
  }

  /** READY has proven the psk to the initiator of a session. */
  confirm(username: string, nowWall: number): TrustRecord {
    return this.#put(settleSession(this.book.record(username), nowWall));
  }
  /** Both sides have shown that they speak this version. */
  raiseVersion(username: string, minVersion: number): TrustRecord {
    return this.#put(raiseVersion(this.book.record(username), minVersion));
  }
  approve(username: string, nowWall: number): TrustRecord {
    return this.#put(approvePending(this.book.record(username), nowWall));
  }
  repair(username: string, nowWall: number): TrustRecord {
    return this.#put(openRepairWindow(this.book.record(username), nowWall));
  }
  verified(username: string): TrustRecord {
    const record = this.book.record(username);
    return this.#put(record.pin ? { ...record, pin: { ...record.pin, verified: 'compared' } } : record);
  }

  /** The safety number of us and this key under this name, 60 digits. */
  safetyNumber(username: string, key: Bytes): string {
    return safetyNumber(
      this.#primitives,
      { name: this.#self, key: this.#keys.publicKey },
      { name: username, key },
    );
  }

  #put(record: TrustRecord): TrustRecord {
    this.book.put(record);
    return record;
  }

  /** Message 3 proves the psk to the responder; the initiator waits for READY (`confirm`). */
  #settleSession(
    record: TrustRecord,
    { remoteStatic, role }: Established,
    nowWall: number,
  ): { readonly record: TrustRecord; readonly verdict: Verdict } {
    if (record.pin && equalBytes(record.pin.key, remoteStatic)) {
      return { record: role === 'responder' ? settleSession(record, nowWall) : record, verdict: 'ok' };
    }
    return { record, verdict: record.pending ? 'key-pending' : 'refused' };
  }

  /** P6: removal from the directory refuses sessions; so does an entry that names another key. */
  #listed(username: string, key: Bytes, verdict: Verdict): Verdict {
    const entry = this.directory.entry(username);
    if (!entry || (entry.key && !equalBytes(entry.key, key) && verdict === 'ok')) return 'refused';
    return verdict;
  }

  #realPasswords({ userI, userR, remoteStatic }: EnrolClaim, nowWall: number): EnrolPasswords | undefined {
    const nameI = decodeUtf8(userI);
    if (nameI === undefined || decodeUtf8(userR) !== this.#self || nameI === this.#self) return undefined;
    const entry = this.directory.entry(nameI);
    if (!entry || (entry.key && !equalBytes(entry.key, remoteStatic))) return undefined;
    if (!mayEnrol(this.book, nameI, remoteStatic, nowWall)) return undefined;
    if (!this.#isSpoken(nameI, remoteStatic)) return undefined;
    if (this.#isEnrolClosed && !isAwaitedKey(this.book, nameI, remoteStatic, nowWall)) return undefined;
    return { pwI: encodeUtf8(this.#password(nameI)), pwR: encodeUtf8(this.#password(this.#self)) };
  }

  /** A pin that a newer program wrote may name a version that this one does not speak: no session is better than a worse one. */
  #isSpoken(username: string, key: Bytes): boolean {
    const { pin } = this.book.record(username);
    return !pin || !equalBytes(pin.key, key) || pin.minVersion <= PROTOCOL_VERSION;
  }

  #password(username: string): string {
    return this.directory.entry(username)?.password.reveal() ?? '';
  }
  #fake(label: string, ...parts: readonly Bytes[]): Bytes {
    return this.#primitives.hmacSha256(this.#bootSecret, encodeUtf8(label), concatBytes(...parts));
  }

  #pendingEvent(record: TrustRecord): ChatEvent {
    const number = (key: Bytes | undefined): string | undefined =>
      key && formatSafetyNumber(this.safetyNumber(record.username, key));
    const old = number(record.pin?.key);
    return {
      type: 'key-pending',
      name: record.username,
      newSafetyNumber: number(record.pending?.key) ?? '',
      ...(old === undefined ? {} : { oldSafetyNumber: old }),
    };
  }
}
