import { equalBytes, type Bytes } from '../../base/index.ts';
import { NO_GUESSES, type GuessLedger, type TrustRecord } from '../../directory/index.ts';
import type { Change, Store } from '../../engine/index.ts';
import { ROW_BYTES, type OutboxRow, type Standing } from '../../protocol/delivery/index.ts';
import { parseMessageId } from '../../protocol/envelope/index.ts';
import type { Database } from '../database.ts';
import { decodeTrust, encodeTrust } from '../home-file.ts';
import { applyChanges, type CommitParts } from './commit.ts';
import { Contacts } from './contacts.ts';
import { Conversations, type Conversation } from './conversations.ts';
import { Guesses } from './guesses.ts';
import { blobOfId } from './id-blob.ts';
import { Incoming } from './incoming.ts';
import { Outgoing } from './outgoing.ts';

/** The engine's store on the database: one transaction a turn, and what was committed to be read. */
export class DurableLedger implements Store {
  readonly #database: Database;
  readonly #parts: CommitParts;
  readonly #records: Map<string, TrustRecord>;
  readonly #guessRows: Guesses;
  #guesses: GuessLedger = NO_GUESSES;
  /** That was given out last, also by a transaction that failed: nobody knows whether it did. */
  #position: number;
  /** Of what was committed. */
  #highestPosition: number;

  /** `forget` removes messages and what was derived of them, within the transaction. Default: the messages alone. */
  constructor(
    database: Database,
    { forget }: { readonly forget?: (positions: readonly number[]) => void } = {},
  ) {
    this.#database = database;
    this.#guessRows = new Guesses(database);
    this.#records = new Map(readTrust(database).map((record) => [record.username, record]));
    this.#guesses = this.#guessRows.read();
    this.#position = highestPosition(database);
    this.#highestPosition = this.#position;
    const nextPosition = () => ++this.#position;
    const remove = database.prepare('DELETE FROM message WHERE position = ?');
    const forgetPlainly = (positions: readonly number[]) => {
      for (const position of positions) remove.run(position);
    };
    const setTrust = database.prepare('UPDATE contact SET trust = ? WHERE username = ?');
    const countTrust = database.prepare(
      "INSERT INTO home VALUES ('trusted', 1) ON CONFLICT DO UPDATE SET value = value + 1",
    );
    const conversations = new Conversations(database);
    this.#parts = {
      contacts: new Contacts(database),
      conversations,
      outgoing: new Outgoing(database, { nextPosition, forget: forget ?? forgetPlainly }),
      incoming: new Incoming(database, {
        nextPosition,
        onArrival: (contact) => conversations.arrived(contact),
      }),
      setTrust: ({ record }) => {
        setTrust.run(encodeTrust(record), record.username);
        countTrust.run();
      },
      setGuesses: ({ guesses }) => this.#guessRows.write(this.#guesses, guesses),
    };
  }

  get records(): readonly TrustRecord[] {
    return [...this.#records.values()];
  }

  /** Whose number in the database is whose. */
  get peers(): ReadonlyMap<number, string> {
    const rows = this.#database.prepare<{ peer: number; username: string }>(
      'SELECT peer, username FROM contact ORDER BY peer',
    );
    return new Map(rows.all().map(({ peer, username }) => [peer, username]));
  }

  /** How often trust has changed. */
  get generation(): number {
    const row = this.#database
      .prepare<{ value: number }>("SELECT value FROM home WHERE name = 'trusted'")
      .get();
    return row?.value ?? 0;
  }

  get guesses(): GuessLedger {
    return this.#guesses;
  }

  commit(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    // Of several ledgers of guesses the last one counts, and it is compared with what was committed.
    const lastGuesses = changes.findLast((change) => change.type === 'guesses');
    const wanted = changes.filter((change) => change.type !== 'guesses' || change === lastGuesses);
    this.#parts.incoming.begin();
    try {
      this.#database.transaction(() => applyChanges(this.#parts, wanted));
    } catch (error) {
      this.#parts.contacts.forget();
      this.#parts.conversations.forget();
      throw error;
    }
    this.#highestPosition = this.#position;
    for (const change of wanted)
      if (change.type === 'trust') this.#records.set(change.record.username, change.record);
    if (lastGuesses) this.#guesses = lastGuesses.guesses;
  }

  positionOf(peer: string, id: string): number | undefined {
    return this.#parts.incoming.placeOf(peer, id);
  }

  /** No message has a higher one. */
  get highestPosition(): number {
    return this.#highestPosition;
  }
  get conversations(): ReadonlyMap<string, Conversation> {
    return this.#parts.conversations.all();
  }
  /** The last message with this contact; 0 when there is none. */
  lastPosition(peer: string): number {
    return this.#parts.conversations.lastPosition(peer);
  }
  /** Messages were deleted. */
  recount(): void {
    this.#parts.conversations.forget();
  }
  /** What is neither delivered nor given up, its texts in bytes. */
  get waiting(): { readonly messages: number; readonly bytes: number } {
    const sql =
      'SELECT coalesce(sum(waiting), 0) AS messages, coalesce(sum(waiting_bytes), 0) AS bytes FROM contact';
    const { messages = 0, bytes = 0 } =
      this.#database.prepare<{ messages: number; bytes: number }>(sql).get() ?? {};
    return { messages, bytes: bytes - messages * ROW_BYTES };
  }

  correspondents(): readonly string[] {
    const rows = this.#database.prepare<{ username: string }>(
      'SELECT username FROM contact WHERE epoch IS NOT NULL OR peer_epoch IS NOT NULL ORDER BY peer',
    );
    return rows.all().map(({ username }) => username);
  }
  standing(peer: string): Standing | undefined {
    const contact = this.#parts.contacts.find(peer);
    if (!contact) return undefined;
    const { outgoing, incoming } = this.#parts;
    const outbox = contact.epoch === null ? undefined : outgoing.standing(contact, contact.epoch);
    const inbox = incoming.standing(contact);
    return outbox || inbox ? { outbox, inbox } : undefined;
  }

  outgoing(
    peer: string,
    range: { readonly epoch: Bytes; readonly after: number; readonly upTo: number; readonly limit: number },
  ): readonly OutboxRow[] {
    const contact = this.#parts.contacts.find(peer);
    if (!contact?.epoch || !equalBytes(contact.epoch, range.epoch)) return [];
    return this.#parts.outgoing.rows(contact, range);
  }

  findOutgoing(id: string): { readonly peer: string; readonly seq: number } | undefined {
    return parseMessageId(id).ok ? this.#parts.outgoing.find(id) : undefined;
  }

  seqOfIncoming(peer: string, id: string): number | undefined {
    const contact = this.#parts.contacts.find(peer);
    return contact && this.#parts.incoming.seqOf(contact, blobOfId(id));
  }

  expiring(
    peer: string,
    nowWall: number,
    limit: number,
  ): { readonly rows: readonly OutboxRow[]; readonly nextWall: number | undefined } {
    const contact = this.#parts.contacts.find(peer);
    return contact
      ? this.#parts.outgoing.expiring(contact, nowWall, limit)
      : { rows: [], nextWall: undefined };
  }

  repairableFrom(
    peer: string,
    key: Bytes,
    range: { readonly sinceWall: number; readonly limit: number },
  ): number | undefined {
    const contact = this.#parts.contacts.find(peer);
    return contact && this.#parts.outgoing.repairableFrom(contact, key, range);
  }
}

/** Reads what every start reads, so that damage there is found before anything is begun. Throws home-damaged. */
export function checkBeginning(database: Database): void {
  const ledger = new DurableLedger(database);
  for (const peer of ledger.peers.values()) ledger.standing(peer);
}

function readTrust(database: Database): readonly TrustRecord[] {
  const rows = database.prepare<{ trust: string }>(
    'SELECT trust FROM contact WHERE trust IS NOT NULL ORDER BY peer',
  );
  return rows.all().map(({ trust }) => decodeTrust(trust));
}

/** A position is not used again, even when its message was deleted. */
function highestPosition(database: Database): number {
  const found = database
    .prepare<{ position: number | null }>(
      `SELECT max(position) AS position FROM (SELECT max(position) AS position FROM message
       UNION ALL SELECT max(shown) FROM contact UNION ALL SELECT max(read_up_to) FROM contact
       UNION ALL SELECT value FROM home WHERE name IN ('indexed', 'removed'))`,
    )
    .get();
  return found?.position ?? 0;
}
