import type { Verdict } from '../directory/index.ts';
import type { Bytes, Instant } from '../base/index.ts';
import type { SendProgress } from '../protocol/delivery/index.ts';
import type { Mode } from '../protocol/handshake/index.ts';
import type { Connection } from '../protocol/session/index.ts';
import type { Peer } from './peer.ts';
import type { LinkId } from './types.ts';

/** One connection, and what the engine remembers of it. */
export interface Link {
  readonly id: LinkId;
  readonly connection: Connection;
  /** Whom we dialled and where; undefined when the peer dialled us. */
  readonly dialled: { readonly peer: Peer; readonly mode: Mode; readonly address: string } | undefined;
  /** Set once the peer is proven. */
  session: LinkSession | undefined;
  /** When it was dialled or came in. */
  readonly begunAt: Instant;
  /** Whom limits count as one: IPv4, or the /64 of IPv6; empty until a dial is connected. */
  address: string;
  /** The peer's literal address, for people; empty until a dial is connected. */
  remote: string;
  /** The name in an inbound enrol's PAKE1: not proven yet. */
  claimedName: string | undefined;
  isCongested: boolean;
}

export interface LinkSession {
  readonly peer: Peer;
  readonly mode: Mode;
  /** The peer's static key, as this session proved it. */
  readonly key: Bytes;
  /** What our READY says. */
  readonly verdict: Verdict;
  readonly progress: SendProgress;
  /** Order of the peers' READYs; undefined until it came. The newest session of a pair carries its messages. */
  readyOrder: number | undefined;
  /** Both READYs said ok, and the peer has not said CLOSE. */
  isUsable: boolean;
  /** Both READYs said ok, and our numbering is still the one this session began with: the peer's acks count. */
  doAcksCount: boolean;
  /** The peer's clock minus ours, ms. */
  skewMs: number;
  /** The peer has said CLOSE: after our last ack we say ours. */
  isPeerClosed: boolean;
  needsAck: boolean;
  ackedSeq: number;
  isFirstAck: boolean;
  /** We end it because it lay idle: what was queued meanwhile was only late, and need not wait for the next dial. */
  isEndingIdle: boolean;
  /** Another session of the pair replaced this one: closed when nothing of ours waits on it, at the latest then. */
  duplicateUntil: Instant | undefined;
}
