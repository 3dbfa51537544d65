import { unreachable } from '../base/index.ts';
import type { Change, EngineOutput } from '../engine/index.ts';

/** Events of each weight that wait for the disk, at most: of more the oldest are forgotten. */
const EVENTS_MAX = 1_000;

/**
 * What waits while the disk refuses: the changes, and the events that tell of them. Only the last state of a record, of the
 * ledger or of a message's progress is kept, so that neither a stranger who guesses nor a dial that is repeated each
 * second can fill the memory. What is said of single messages is all kept: while the disk refuses, none is taken from a
 * peer or a person, so that no more of it comes than the turn held that was refused first.
 */
export function heldOutputs(outputs: readonly EngineOutput[]): EngineOutput[] {
  const changes = new HeldChanges();
  const events = new Map<unknown, EngineOutput>();
  for (const output of outputs) {
    if (output.type === 'commit') for (const change of output.changes) changes.add(change);
    if (output.type === 'event') {
      const { event } = output;
      putLast(events, event.type === 'message-progress' ? event.id : output, output);
    }
  }
  const all = changes.all;
  return [
    ...(all.length > 0 ? [{ type: 'commit', changes: all } as const] : []),
    ...lastOf([...events.values()]),
  ];
}

/** A received message is never forgotten: it is on the disk before long, and no screen that runs now would look there for it. */
function lastOf(events: readonly EngineOutput[]): readonly EngineOutput[] {
  const counts = { passing: 0, weighty: 0 };
  const kept = events.toReversed().filter((output) => {
    const weight = weightOf(output);
    return weight === 'message' || counts[weight]++ < EVENTS_MAX;
  });
  return kept.reverse();
}

/** What comes with each dial and each text must not displace what a person has to hear. */
function weightOf(output: EngineOutput): 'message' | 'passing' | 'weighty' {
  switch (output.type === 'event' ? output.event.type : undefined) {
    case 'message-received':
      return 'message';
    case 'message-progress':
    case 'contact-connected':
    case 'contact-disconnected':
      return 'passing';
    default:
      return 'weighty';
  }
}

class HeldChanges {
  readonly #changes = new Map<unknown, Change>();
  /** Of each contact, what was said last of the one or the other direction: only what nothing depends on yet may be replaced. */
  readonly #last = new Map<string, unknown>();

  get all(): readonly Change[] {
    return [...this.#changes.values()];
  }

  add(change: Change): void {
    const key = this.#keyOf(change);
    putLast(this.#changes, key, change);
    const direction = directionOf(change);
    if (direction !== undefined) this.#last.set(direction, key);
  }

  #keyOf(change: Change): unknown {
    switch (change.type) {
      case 'guesses':
        return change.type;
      case 'trust':
        return `trust ${change.record.username}`;
      case 'reached-us':
      case 'draft':
      case 'muted':
      case 'read':
      case 'outbox-sent':
        return `${change.type} ${change.peer}`;
      case 'inbox-cursor':
      case 'outbox-epoch': {
        const last = this.#last.get(directionOf(change) ?? '');
        const before = this.#changes.get(last);
        return before?.type === change.type ? last : change;
      }
      // Of two screens the later one counts; the store sees to it.
      case 'shown':
      case 'outbox-put':
      case 'outbox-void':
      case 'outbox-void-range':
      case 'outbox-settle':
      case 'inbox-put':
      case 'inbox-pass':
        return change;
      default:
        return unreachable(change);
    }
  }
}

function directionOf(change: Change): string | undefined {
  if (change.type === 'outbox-sent' || !('peer' in change)) return undefined;
  if (change.type.startsWith('outbox')) return `out ${change.peer}`;
  return change.type.startsWith('inbox') ? `in ${change.peer}` : undefined;
}

/** At the end, where its successors expect it. */
function putLast<Value>(into: Map<unknown, Value>, key: unknown, value: Value): void {
  into.delete(key);
  into.set(key, value);
}
