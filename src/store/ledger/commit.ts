import { unreachable } from '../../base/index.ts';
import type { Change } from '../../engine/index.ts';
import type { Contact, Contacts } from './contacts.ts';
import type { Conversations } from './conversations.ts';
import type { Incoming } from './incoming.ts';
import type { Outgoing } from './outgoing.ts';

export interface CommitParts {
  readonly contacts: Contacts;
  readonly outgoing: Outgoing;
  readonly incoming: Incoming;
  readonly conversations: Conversations;
  readonly setTrust: (change: Extract<Change, { readonly type: 'trust' }>) => void;
  readonly setGuesses: (change: Extract<Change, { readonly type: 'guesses' }>) => void;
}

/** Writes all changes within the caller's transaction: each contact's row is read once, and written once at the end. */
export function applyChanges(parts: CommitParts, changes: readonly Change[]): void {
  const opened = new Map<string, Contact>();
  const open = (peer: string): Contact => {
    let contact = opened.get(peer);
    if (!contact) opened.set(peer, (contact = parts.contacts.open(peer)));
    return contact;
  };
  for (const change of changes) applyChange(parts, change, open);
  for (const contact of opened.values()) parts.contacts.save(contact);
}

function applyChange(parts: CommitParts, change: Change, open: (peer: string) => Contact): void {
  const { outgoing, incoming, conversations } = parts;
  switch (change.type) {
    case 'outbox-put':
      return outgoing.put(open(change.peer), change);
    case 'outbox-sent':
      return outgoing.markSent(open(change.peer), change);
    case 'outbox-void':
      return outgoing.void(open(change.peer), change);
    case 'outbox-void-range':
      return outgoing.voidRange(open(change.peer), change);
    case 'outbox-settle':
      return outgoing.settle(open(change.peer), change);
    case 'outbox-epoch':
      return outgoing.beginEpoch(open(change.peer), change);
    case 'inbox-put':
      return incoming.put(open(change.peer), change);
    case 'inbox-cursor':
      return incoming.setCursor(open(change.peer), change);
    case 'inbox-pass':
      return incoming.pass(open(change.peer), change);
    case 'reached-us':
      open(change.peer).reached_us = change.atWall;
      return undefined;
    case 'shown':
      return incoming.markShown(open(change.peer), change.id);
    case 'draft':
      return conversations.setDraft(open(change.peer), change.text);
    case 'read':
      return conversations.markRead(open(change.peer), change.upTo);
    case 'muted':
      return conversations.mute(open(change.peer), change.untilWall);
    case 'trust':
      open(change.record.username);
      return parts.setTrust(change);
    case 'guesses':
      return parts.setGuesses(change);
    default:
      return unreachable(change);
  }
}
