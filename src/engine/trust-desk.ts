import type { ChatEvent } from '../api/index.ts';
import { concatBytes, decodeUtf8, encodeUtf8, equalBytes, type Bytes } from '../base/index.ts';
import type { Primitives, X25519KeyPair } from '../crypto/index.ts';
import {
  approvePending,
  formatSafetyNumber,
  mayEnrol,
  openRepairWindow,
  safetyNumber,
  settleEnrol,
  settleSession,
  TrustBook,
  type Directory,
  type TrustRecord,
  type Verdict,
} from '../directory/index.ts';
import type { EnrolAuthority, Established, SessionAuthority } from '../protocol/handshake/index.ts';

/** Who is who while a handshake runs, and what its end does to the pins (spec/08-trust.md). */
export class TrustDesk {
  readonly book: TrustBook;
  directory: Directory;
  readonly #primitives: Primitives;
  readonly #self: string;
  readonly #keys: X25519KeyPair;
  /** Makes fakes that nobody can tell from the real thing, new at every start. */
  readonly #bootSecret: Bytes;

  constructor(options: {
    readonly primitives: Primitives;
    readonly self: string;
    readonly keys: X25519KeyPair;
    readonly directory: Directory;
    readonly records: Iterable<TrustRecord>;
    readonly bootSecret: Bytes;
  }) {
    this.#primitives = options.primitives;
    this.#self = options.self;
    this.#keys = options.keys;
    this.directory = options.directory;
    this.book = new TrustBook(options.records);
    this.#bootSecret = options.bootSecret;
  }

  /** Unknown names, foreign keys and closed doors get passwords that nobody has: same work, same bytes, same silence. */
  enrolAuthority(nowWall: number): EnrolAuthority {
    return {
      passwordsFor: ({ userI, userR, remoteStatic }) =>
        this.#enrolPasswords(decodeUtf8(userI), decodeUtf8(userR), remoteStatic, nowWall) ?? {
          pwI: this.#fake('pw I', userI, userR),
          pwR: this.#fake('pw R', userI, userR),
        },
    };
  }

  sessionAuthority(): SessionAuthority {
    return {
      pskFor: (remoteStatic) => this.book.findKey(remoteStatic)?.psk ?? this.#fake('psk', remoteStatic),
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

  #enrolPasswords(
    userI: string | undefined,
    userR: string | undefined,
    key: Bytes,
    nowWall: number,
  ): { readonly pwI: Bytes; readonly pwR: Bytes } | undefined {
    if (userI === undefined || userR !== this.#self || userI === this.#self) return undefined;
    const entry = this.directory.entry(userI);
    if (!entry || (entry.key && !equalBytes(entry.key, key))) return undefined;
    if (!mayEnrol(this.book, userI, key, nowWall)) return undefined;
    return { pwI: encodeUtf8(this.#password(userI)), pwR: encodeUtf8(this.#password(this.#self)) };
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
