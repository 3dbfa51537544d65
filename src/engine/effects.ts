import type { ChatEvent, MessageId, OutgoingState } from '../api/index.ts';
import { decodeUtf8, PeerText, unreachable, type Now } from '../base/index.ts';
import type { Decision, DeliveryEffect, InboxRow } from '../protocol/delivery/index.ts';
import type { EngineCore } from './core.ts';
import type { LinkSession } from './link.ts';
import type { Peer } from './peer.ts';
import type { EngineEvent, Store } from './types.ts';

/** A text whose time, corrected by the peer's clock, is this far ahead of ours is shown with a mark (spec/05 “Time”). */
const CLOCK_AHEAD_MS = 120_000;

/** What delivery has decided: committed first, then told. `skewMs`: the peer's clock minus ours. */
export function applyDecision(core: EngineCore, peer: Peer, decision: Decision, now: Now, skewMs = 0): void {
  if (decision.changes.length > 0) core.emit({ type: 'commit', changes: decision.changes });
  for (const effect of decision.effects)
    core.emit({ type: 'event', event: eventOf(peer, effect, now, skewMs) });
}

export function tellProgress(core: EngineCore, to: string, id: string, progress: OutgoingState): void {
  core.emit({ type: 'event', event: { type: 'message-progress', id: id as MessageId, to, progress } });
}

/** As the faces are told it, once its commit was given to the store. */
export function placed(event: EngineEvent, store: Pick<Store, 'positionOf'>): ChatEvent {
  if (event.type !== 'message-received') return event;
  const position = store.positionOf(event.from, event.id);
  if (position === undefined) throw new Error('a message was told of that no commit has stored');
  return { ...event, position };
}

/** Said once, whichever of the contact's sessions is the one that talks. */
export function tellConnected(core: EngineCore, { peer, mode }: LinkSession): void {
  if (peer.isShownConnected) return;
  peer.isShownConnected = true;
  core.emit({
    type: 'event',
    event: { type: 'contact-connected', name: peer.name, firstContact: mode === 'enrol' },
  });
}

function eventOf(peer: Peer, effect: DeliveryEffect, now: Now, skewMs: number): EngineEvent {
  const { name } = peer;
  switch (effect.type) {
    case 'received':
      return receivedEvent(name, effect.row, skewMs);
    case 'missing':
      return { type: 'messages-missing', from: name, count: effect.count };
    case 'peer-restarted':
      return { type: 'peer-restarted', name, ...(effect.isFromCopy ? { isFromCopy: true } : {}) };
    case 'lost-by-peer':
      return { type: 'messages-lost-by-peer', name, count: effect.count, resent: effect.resent };
    case 'delivered': {
      const progress = { state: 'delivered', tookMs: peer.tookMs(effect.id, effect.timestamp, now) } as const;
      return { type: 'message-progress', id: effect.id as MessageId, to: name, progress };
    }
    case 'given-up': {
      peer.queuedAt.delete(effect.id);
      const progress = { state: effect.outcome, reason: effect.reason } as const;
      return { type: 'message-progress', id: effect.id as MessageId, to: name, progress };
    }
    default:
      return unreachable(effect);
  }
}

function receivedEvent(from: string, row: InboxRow, skewMs: number): EngineEvent {
  return {
    type: 'message-received',
    id: row.id as MessageId,
    from,
    text: new PeerText(decodeUtf8(row.plaintext) ?? ''),
    writtenAtWall: row.timestamp,
    receivedAtWall: row.receivedWall,
    clockMark: row.timestamp - skewMs > row.receivedWall + CLOCK_AHEAD_MS,
    ...(row.replyTo === undefined ? {} : { replyTo: row.replyTo as MessageId }),
  };
}
