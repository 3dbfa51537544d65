import type { Bytes, Secret } from '../base/index.ts';

/** What a completed enrol left behind for one username (spec/08-trust.md). */
export interface Pin {
  /** The peer's static X25519 public key, 32 bytes. */
  readonly key: Bytes;
  /** The pairwise secret of 32 bytes that every later session proves. */
  readonly psk: Secret<Bytes>;
  /** A session handshake has completed with this psk: from now on only sessions, never another enrol. */
  readonly confirmed: boolean;
  readonly createdWall: number;
  readonly lastSeenWall: number;
  /** none: proven by password only · approved: a person named its fingerprint · compared: people compared the number. */
  readonly verified: 'none' | 'approved' | 'compared';
  /** The lowest protocol version we accept from this key; it only rises. */
  readonly minVersion: number;
  readonly formerKeys: readonly { readonly key: Bytes; readonly untilWall: number }[];
}

/** Another key that proved the password; it waits for a person. */
export interface PendingKey {
  readonly key: Bytes;
  readonly psk: Secret<Bytes>;
  readonly sinceWall: number;
}

/** Everything we trust about one username. The row of the store. */
export interface TrustRecord {
  readonly username: string;
  readonly pin?: Pin;
  readonly pending?: PendingKey;
  /** A person allowed the pinned key to enrol again until then (UTC ms). */
  readonly repairUntilWall?: number;
}
