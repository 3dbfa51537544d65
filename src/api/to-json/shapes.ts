// The shapes that programs read, as docs/json.md lists them: fields in snake_case, what is absent is left out, and a boolean is there
// whenever “no” says something. The schemas of api/json are of these types; the words about each field stand there.
import type { TrustState } from '../views.ts';

/** Of all shapes together. A field that is added does not change it; one that is renamed, removed or means something else does. */
export const JSON_FORMAT = 1;

/** ISO 8601, in UTC, with milliseconds. A peer's clock may be anything: what no date can say is the number itself, ms since 1970. */
export type TimeJson = string | number;

/** Or `forever`. */
export type UntilJson = TimeJson;

export interface FailureJson {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** A failure as fields of what failed. */
type Reason = FailureJson;
type PerhapsReason = Partial<FailureJson>;

/** How an outgoing message stands: fields of the shapes that say so. */
export type StateJson =
  | ({
      readonly state: 'queued' | 'sent';
      readonly held: boolean;
      readonly next_try_at?: TimeJson;
    } & PerhapsReason)
  | { readonly state: 'delivered'; readonly took_ms: number }
  | ({ readonly state: 'refused' | 'failed' | 'cancelled' | 'expired' } & Reason);

export interface MessageJson extends Told {
  readonly type: 'message';
  readonly id: string;
  readonly position: number;
  readonly from: string;
  readonly text: string;
  readonly written_at: TimeJson;
  readonly received_at: TimeJson;
  readonly clock_mark: boolean;
  readonly belated: boolean;
  readonly reply_to?: string;
}

export type ProgressJson = {
  readonly type: 'progress';
  readonly id: string;
  readonly to: string;
} & StateJson &
  Told;

/** `sotto listen` says with each event where a later one goes on. */
interface Told {
  readonly cursor?: string;
}

/** Every event: a message, a progress, or something else that happened. */
export type EventJson = MessageJson | ProgressJson | (HappenedJson & Told);

type HappenedJson =
  | { readonly type: 'contact-connected'; readonly name: string; readonly first_contact: boolean }
  | ({ readonly type: 'contact-disconnected'; readonly name: string } & PerhapsReason)
  | {
      readonly type: 'key-pending';
      readonly name: string;
      readonly old_safety_number?: string;
      readonly new_safety_number: string;
    }
  | ({ readonly type: 'own-key-pending'; readonly name: string; readonly safety_number: string } & Reason)
  | {
      readonly type: 'password-guesses';
      readonly name: string;
      readonly failures: number;
      readonly address: string;
      readonly blocked_until?: TimeJson;
    }
  | { readonly type: 'messages-missing'; readonly from: string; readonly count: number }
  | {
      readonly type: 'messages-lost-by-peer';
      readonly name: string;
      readonly count: number;
      readonly resent: number;
    }
  | { readonly type: 'clock-skew'; readonly name: string; readonly skew_ms: number }
  | { readonly type: 'peer-restarted'; readonly name: string; readonly from_copy: boolean }
  | {
      readonly type: 'directory-changed';
      readonly added: readonly string[];
      readonly removed: readonly string[];
      readonly changed: readonly string[];
    }
  | { readonly type: 'directory-rejected'; readonly problems: readonly FailureJson[] }
  | { readonly type: 'messages-deleted'; readonly count: number; readonly keep_ms: number }
  | { readonly type: 'events-skipped' }
  | { readonly type: 'disk-recovered' }
  | ({ readonly type: 'trouble'; readonly name?: string } & Reason);

export type OutgoingJson = {
  readonly type: 'outgoing';
  readonly position: number;
  readonly id: string;
  readonly to: string;
  readonly text: string;
  readonly written_at: TimeJson;
  readonly expires_at?: TimeJson;
  readonly waits_for?: 'next-run' | 'key-decision' | 'pairing';
} & StateJson;

export interface OutboxPageJson {
  readonly messages: readonly OutgoingJson[];
  readonly next?: number;
  readonly total: number;
}

/** What became of an outgoing message of the history, and since when. */
export interface OutcomeStateJson extends PerhapsReason {
  readonly state: StateJson['state'];
  readonly state_at?: TimeJson;
}

export interface HistoryJson extends Partial<OutcomeStateJson> {
  readonly type: 'history';
  readonly position: number;
  readonly id: string;
  readonly with: string;
  readonly direction: 'in' | 'out';
  readonly text: string;
  readonly written_at: TimeJson;
  readonly stored_at: TimeJson;
  readonly reply_to?: string;
}

export interface HistoryPageJson {
  readonly entries: readonly HistoryJson[];
  readonly older?: number;
  readonly newer?: number;
}

export interface FailedAttemptsJson {
  readonly failures: number;
  readonly blocked_until?: TimeJson;
}

export interface ContactJson {
  readonly type: 'contact';
  readonly name: string;
  readonly ip: string;
  readonly port: number;
  readonly trust: TrustState;
  readonly verified: boolean;
  readonly connected: boolean;
  readonly undelivered: number;
  readonly unread: number;
  readonly read_up_to?: number;
  readonly last_seen_at?: TimeJson;
  readonly muted_until?: UntilJson;
  readonly draft?: string;
  readonly trouble?: FailureJson;
  readonly failed_attempts?: FailedAttemptsJson;
}

export interface AddressJson {
  readonly address: string;
  readonly port: number;
}

export interface IdentityJson {
  readonly type: 'identity';
  readonly username: string;
  readonly key: string;
  readonly home: string;
  readonly directory: string;
  readonly listening: readonly AddressJson[];
}

export interface SafetyJson {
  readonly type: 'safety';
  readonly name: string;
  readonly trust?: TrustState;
  readonly verified: boolean;
  readonly safety_number?: string;
  readonly key?: string;
  readonly failed_attempts?: FailedAttemptsJson;
  readonly pending?: { readonly safety_number: string; readonly key: string };
}

/** Of a program that runs, and of a home that none has opened. */
export type StatusJson = RunningJson | StoppedJson;

interface StatusFields {
  readonly type: 'status';
  readonly json_format: number;
  readonly version: string;
  readonly identity: IdentityJson;
  readonly contacts: number;
  readonly waiting: { readonly messages: number; readonly bytes: number };
  readonly unread: number;
  readonly store: { readonly bytes: number; readonly log_bytes: number; readonly trouble?: FailureJson };
}

export interface RunningJson extends StatusFields {
  readonly running: true;
  readonly pid: number;
  readonly mode: 'listen' | 'dial' | 'offline';
  readonly attended: boolean;
  readonly started_at: TimeJson;
  readonly connected: readonly string[];
  readonly loop_delay_ms: { readonly p50: number; readonly p99: number; readonly max: number };
}

export interface StoppedJson extends StatusFields {
  readonly running: false;
  readonly last_message_at?: TimeJson;
}
