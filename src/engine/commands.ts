import type { ContactView, MessageId, OutgoingView, SafetyView, SendText } from '../api/index.ts';
import { failure, success, Utf8Pool, type Bytes, type Now, type Result } from '../base/index.ts';
import { formatSafetyNumber, parseSafetyNumber, type TrustRecord } from '../directory/index.ts';
import type { MessageContent } from '../protocol/delivery/index.ts';
import { TEXT_BYTES_MAX } from '../protocol/envelope/index.ts';
import { endLink, type EngineCore } from './core.ts';
import { MessageIds } from './message-id.ts';
import type { Peer } from './peer.ts';

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
    const id = this.#ids.next(now.wall);
    const { replyTo } = command;
    const content: MessageContent = {
      id,
      type: 'text',
      plaintext: text.value,
      timestamp: Math.max(0, Math.round(now.wall)),
    };
    const queued = peer.value.outbox.enqueue(replyTo === undefined ? content : { ...content, replyTo });
    if (!queued.ok) return queued;
    this.#core.emit({ type: 'commit', changes: queued.value.changes });
    peer.value.queuedAt.set(id, now.monotonic);
    peer.value.dial.nudge();
    const row = peer.value.outbox.rows.at(-1);
    if (row) this.#tell(peer.value, id, peer.value.progressOf(row, now));
    return success(id);
  }

  /** False when it is settled, or has left and may already be there. */
  cancel(id: MessageId): boolean {
    for (const peer of this.#core.peers.values()) {
      const decision = peer.outbox.withdraw(id);
      if (!decision) continue;
      this.#core.emit({ type: 'commit', changes: decision.changes });
      peer.queuedAt.delete(id);
      this.#tell(peer, id, {
        state: 'cancelled',
        reason: { code: 'cancelled', message: 'The message was withdrawn.' },
      });
      return true;
    }
    return false;
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

  undelivered(now: Now): readonly OutgoingView[] {
    return [...this.#core.peers.values()]
      .flatMap((peer) => peer.outgoingViews(now))
      .sort((a, b) => a.writtenAtWall - b.writtenAtWall);
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
  #tell(peer: Peer, id: MessageId, progress: OutgoingView['progress']): void {
    this.#core.emit({ type: 'event', event: { type: 'message-progress', id, to: peer.name, progress } });
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
