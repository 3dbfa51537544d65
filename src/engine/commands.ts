import type { ContactView, MessageId, OutgoingState, SafetyView, SendText } from '../api/index.ts';
import {
  failure,
  success,
  Utf8Pool,
  type Bytes,
  type Failure,
  type Now,
  type Result,
} from '../base/index.ts';
import { formatSafetyNumber, parseSafetyNumber, type TrustRecord } from '../directory/index.ts';
import type { MessageContent, NewMessage, Withdrawal } from '../protocol/delivery/index.ts';
import { parseMessageId, TEXT_BYTES_MAX } from '../protocol/envelope/index.ts';
import { endLink, type EngineCore } from './core.ts';
import { tellProgress } from './effects.ts';
import { obstacleOf } from './dialler.ts';
import { CONTACT_REMOVED } from './explain.ts';
import { MessageIds } from './message-id.ts';
import type { Peer } from './peer.ts';

const UUID_VERSION_AT = 14;

/** Two messages cannot be one. */
export const ID_TAKEN: Failure = {
  code: 'usage',
  message: 'Another message has the id that was chosen for the text.',
  hint: 'Choose a new one.',
};

/** What a person or a script asks for. Effects leave with the engine's next outputs; the answer is at hand at once. */
export class Commands {
  readonly #core: EngineCore;
  readonly #ids: MessageIds;
  readonly #texts = new Utf8Pool();

  constructor(core: EngineCore) {
    this.#core = core;
    this.#ids = new MessageIds(core.options.entropy);
  }

  sendText(command: SendText, now: Now): Result<MessageId> {
    const peer = this.#peer(command.to);
    if (!peer.ok) return peer;
    const text = this.#encodeText(command.text);
    if (!text.ok) return text;
    const id = command.id === undefined ? success(this.#ids.next(now.wall)) : this.#newId(command.id);
    if (!id.ok) return id;
    const { replyTo, expiresAtWall: expiresWall } = command;
    if (replyTo !== undefined && !parseMessageId(replyTo).ok)
      return failure('usage', 'What is answered is named by the id of a message: a UUIDv7 in small letters.');
    if (expiresWall !== undefined && !Number.isSafeInteger(expiresWall))
      return failure('usage', 'The time when a text is given up is a whole number.');
    const content: MessageContent = {
      id: id.value,
      type: 'text',
      plaintext: text.value,
      timestamp: Math.max(0, Math.round(now.wall)),
    };
    const queued = this.#queue(
      peer.value,
      {
        ...content,
        ...(replyTo === undefined ? {} : { replyTo }),
        ...(expiresWall === undefined ? {} : { expiresWall }),
      },
      now,
    );
    return queued.ok ? id : queued;
  }

  /**
   * Queues once more what was delivered and does not wait again already, under the same ids: the peer shows only what it does not have. Fails with contact-unknown,
   * or with queue-full at the first one that finds no room; those before it are queued.
   */
  resend(to: string, messages: Iterable<MessageContent>, now: Now): Result<number> {
    const peer = this.#peer(to);
    if (!peer.ok) return peer;
    let count = 0;
    for (const message of messages) {
      // It is under way, by an earlier call: twice in one numbering is more than the store can tell apart.
      if (peer.value.outbox.has(message.id)) continue;
      const queued = this.#queue(peer.value, message, now);
      if (!queued.ok) return queued;
      count++;
    }
    return success(count);
  }

  /**
   * The disk has refused the turn in which this was queued: it is neither kept nor sent, and the call that queued it fails. Though it
   * may count as sent, it never left, for nothing of a turn does before its commit. The ledger is not asked: a disk that refuses may
   * not be read either.
   */
  takeBack(to: string, id: MessageId, now: Now): void {
    const peer = this.#core.peers.get(to);
    if (!peer || this.#commitErased(peer.outbox.erase([id], now.wall)) === 0) return;
    this.#tellCancelled(peer, id);
  }

  /** False when it is settled, or has left and may already be there. */
  cancel(id: MessageId, now: Now): boolean {
    for (const peer of this.#holdersOf(id)) {
      const decision = peer.outbox.withdraw(id, now.wall);
      if (!decision) continue;
      this.#core.emit({ type: 'commit', changes: decision.changes });
      this.#tellCancelled(peer, id);
      return true;
    }
    return false;
  }

  /** Everything for this contact that never left; their number. Of very many only the first are told of one by one. */
  cancelAll(to: string, now: Now): Result<number> {
    const peer = this.#known(to);
    if (!peer.ok) return peer;
    const { outbox } = peer.value;
    const next = outbox.rows.filter((row) => row.seq > outbox.sent && row.type !== 'void');
    const { changes, count } = outbox.withdrawAll(now.wall);
    if (changes.length > 0) this.#core.emit({ type: 'commit', changes });
    for (const { id } of next) this.#tellCancelled(peer.value, id);
    if (outbox.waiting === 0) peer.value.queuedAt.clear();
    return success(count);
  }

  /** As `cancelAll`, for some of what waits: those that would not leave next are told of no more than there. */
  cancelSome(to: string, ids: readonly string[], now: Now): Result<number> {
    const peer = this.#known(to);
    if (!peer.ok) return peer;
    const { outbox } = peer.value;
    const next = new Set(outbox.rows.map(({ id }) => id));
    let count = 0;
    for (const id of ids) {
      const decision = outbox.withdraw(id, now.wall);
      if (!decision) continue;
      this.#core.emit({ type: 'commit', changes: decision.changes });
      peer.value.queuedAt.delete(id);
      if (next.has(id)) this.#tellCancelled(peer.value, id);
      count++;
    }
    return success(count);
  }

  /** What a person deletes is no longer sent, as far as it can be taken back. Returns how many had still to be delivered. */
  eraseOutgoing(what: { readonly ids: readonly string[] } | { readonly with: string }, now: Now): number {
    if ('with' in what) {
      const peer = this.#core.peers.get(what.with);
      peer?.queuedAt.clear();
      return this.#commitErased(peer?.outbox.eraseAll(now.wall));
    }
    const idsOf = new Map<Peer, string[]>();
    for (const id of what.ids) {
      for (const peer of this.#holdersOf(id)) {
        peer.queuedAt.delete(id);
        const ids = idsOf.get(peer);
        if (ids) ids.push(id);
        else idsOf.set(peer, [id]);
      }
    }
    let count = 0;
    for (const [peer, ids] of idsOf) count += this.#commitErased(peer.outbox.erase(ids, now.wall));
    return count;
  }

  /** How a message that waits for this contact stands; `isSent`: it has left. */
  progressOf(to: string, isSent: boolean, now: Now): OutgoingState {
    const peer = this.#core.peers.get(to);
    const state = isSent ? 'sent' : 'queued';
    if (!peer?.entry) return { state, reason: CONTACT_REMOVED(to), held: true };
    const reason = peer.current ? undefined : obstacleOf(this.#core, peer);
    return reason ? { state, reason, held: true } : peer.progressOf(isSent, now);
  }

  contacts(now: Now): readonly ContactView[] {
    return [...this.#core.peers.values()]
      .filter((peer) => peer.entry)
      .map((peer) => {
        const view = peer.contactView(this.#core.desk.book.record(peer.name));
        const failedGuesses = this.#core.guesses.view(peer.name, now.wall);
        return failedGuesses ? { ...view, failedGuesses } : view;
      });
  }

  /** Fails with contact-unknown for who is not in the directory. */
  find(name: string): Result<void> {
    const peer = this.#peer(name);
    return peer.ok ? success(undefined) : peer;
  }

  safety(name: string): Result<SafetyView> {
    const peer = this.#peer(name);
    if (!peer.ok) return peer;
    const { pin, pending } = this.#core.desk.book.record(name);
    const view = (key: Uint8Array) => ({
      safetyNumber: formatSafetyNumber(this.#core.desk.safetyNumber(name, key)),
      key: this.#core.options.primitives.encodeBase64(key),
    });
    return success({
      name,
      ...(pin ? { current: { ...view(pin.key), verified: pin.verified !== 'none' } } : {}),
      ...(pending ? { pending: view(pending.key) } : {}),
    });
  }

  approveKey(name: string, fingerprint: string, now: Now): Result<void> {
    const peer = this.#peer(name);
    if (!peer.ok) return peer;
    const { pending } = this.#core.desk.book.record(name);
    if (!pending) return nothingToApprove(name);
    const given = parseSafetyNumber(fingerprint);
    if (!given.ok || given.value !== this.#core.desk.safetyNumber(name, pending.key)) {
      return failure(
        'fingerprint-mismatch',
        `That is not the safety number of the key that waits for ${name}.`,
        'Give all 60 digits of the new number, as both of you see it.',
      );
    }
    this.#commit(this.#core.desk.approve(name, now.wall));
    // Sessions with the former key end; what is in flight on them goes to the new one.
    for (const link of peer.value.links) endLink(this.#core, link, 'refused', now);
    peer.value.dial.restart();
    peer.value.isCallRequested = true;
    return success(undefined);
  }

  markVerified(name: string): Result<void> {
    return this.#withPin(name, () => this.#commit(this.#core.desk.verified(name)));
  }

  openRepair(name: string, now: Now): Result<{ readonly untilWall: number }> {
    let untilWall = 0;
    const opened = this.#withPin(name, () => {
      const record = this.#core.desk.repair(name, now.wall);
      untilWall = record.repairUntilWall ?? now.wall;
      this.#commit(record);
      this.#core.guesses.clear(name);
    });
    return opened.ok ? success({ untilWall }) : opened;
  }

  /** What failed in this name counts no more: its next enrol is heard. */
  forgiveGuesses(name: string): Result<void> {
    const peer = this.#peer(name);
    if (!peer.ok) return peer;
    this.#core.guesses.clear(name);
    return success(undefined);
  }

  retry(name: string): Result<void> {
    const peer = this.#peer(name);
    if (!peer.ok) return peer;
    peer.value.dial.restart();
    return success(undefined);
  }

  #withPin(name: string, act: () => void): Result<void> {
    const peer = this.#peer(name);
    if (!peer.ok) return peer;
    if (!this.#core.desk.book.record(name).pin) return nothingToApprove(name);
    act();
    return success(undefined);
  }
  #commit(record: TrustRecord): void {
    this.#core.emit({ type: 'commit', changes: [{ type: 'trust', record }] });
  }
  #commitErased(withdrawal: Withdrawal | undefined): number {
    if (!withdrawal) return 0;
    if (withdrawal.changes.length > 0) this.#core.emit({ type: 'commit', changes: withdrawal.changes });
    return withdrawal.count;
  }
  #tellCancelled(peer: Peer, id: string): void {
    peer.queuedAt.delete(id);
    tellProgress(this.#core, peer.name, id, {
      state: 'cancelled',
      reason: { code: 'cancelled', message: 'The message was withdrawn.' },
    });
  }

  #queue(peer: Peer, message: NewMessage, now: Now): Result<void> {
    const queued = peer.outbox.enqueue(message);
    if (!queued.ok) return queued;
    this.#core.emit({ type: 'commit', changes: queued.value.changes });
    peer.noteQueued(message.id, now.monotonic);
    peer.dial.nudge();
    tellProgress(this.#core, peer.name, message.id, peer.progressOf(false, now));
    return success(undefined);
  }
  /** Whoever it is for; anybody, when that is not on the disk yet. */
  #holdersOf(id: string): Iterable<Peer> {
    const found = this.#core.options.ledger.findOutgoing(id);
    const peer = found && this.#core.peers.get(found.peer);
    return peer ? [peer] : this.#core.peers.values();
  }
  /** One who is in the directory, or for whom something still waits. */
  #known(name: string): Result<Peer> {
    const peer = this.#core.peers.get(name);
    return peer ? success(peer) : this.#peer(name);
  }

  #peer(name: string): Result<Peer> {
    const peer = this.#core.peers.get(name);
    if (peer?.entry) return success(peer);
    return failure(
      'contact-unknown',
      `There is no “${name}” in the directory.`,
      'Add the entry with “sotto directory add”, or check the spelling.',
    );
  }

  /** One that a caller has chosen, and no message of ours has. */
  #newId(id: MessageId): Result<MessageId> {
    if (!parseMessageId(id).ok || id[UUID_VERSION_AT] !== '7')
      return failure('usage', 'The id chosen for the text is not a UUIDv7.');
    const isTaken = [...this.#core.peers.values()].some(({ outbox }) => outbox.has(id));
    return isTaken ? { ok: false, failure: ID_TAKEN } : success(id);
  }

  #encodeText(text: string): Result<Bytes> {
    if (!text.isWellFormed())
      return failure('message-malformed', 'The text is not well-formed Unicode: it holds half a character.');
    const bytes = this.#texts.encode(text);
    if (bytes.length === 0) return failure('message-empty', 'The text is empty.');
    if (bytes.length > TEXT_BYTES_MAX) {
      return failure(
        'message-too-long',
        `The text has ${bytes.length} bytes; at most ${TEXT_BYTES_MAX} fit one message.`,
        'Split it.',
      );
    }
    return success(bytes);
  }
}

function nothingToApprove(name: string): Result<never> {
  return failure(
    'trust-nothing',
    `There is no key of ${name} to decide about.`,
    'Nothing has proven itself under this name yet.',
  );
}
