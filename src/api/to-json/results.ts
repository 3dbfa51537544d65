// What a command with --json says of what it did. Shapes of what there is (messages, contacts, …) stand in shapes.ts.
import type {
  AddressJson,
  ContactJson,
  EventJson,
  FailureJson,
  HistoryJson,
  IdentityJson,
  OutcomeStateJson,
  OutgoingJson,
  SafetyJson,
  StateJson,
  StatusJson,
  TimeJson,
  UntilJson,
} from './shapes.ts';

/** A command that failed. */
export interface ErrorJson extends FailureJson {
  readonly type: 'error';
  readonly exit_code: number;
}

/** What became of one text of `send` and of the loop. */
export type OutcomeJson = {
  readonly type: 'outcome';
  readonly to: string;
  readonly id?: string;
  readonly kept?: boolean;
  readonly cause?: FailureJson;
} & StateJson;

export interface CancelledJson extends Partial<OutcomeStateJson> {
  readonly type: 'cancelled';
  readonly id: string;
  readonly to: string;
  readonly cancelled: boolean;
}

/** One person of the directory file. */
export interface EntryJson {
  readonly type: 'entry';
  readonly username: string;
  readonly ip: string;
  readonly port: number;
  readonly addresses?: readonly { readonly ip: string; readonly port: number }[];
  readonly has_password: boolean;
  readonly password?: string;
  readonly key?: string;
  readonly line: number;
}

export interface CheckJson {
  readonly type: 'check';
  readonly directory: string;
  readonly entries: number;
  readonly problems: readonly FailureJson[];
  readonly warnings: readonly FailureJson[];
}

export interface SettingJson {
  readonly type: 'setting';
  readonly key: string;
  readonly value: string | number | boolean | readonly string[];
  readonly from: 'environment' | 'file';
}

export interface ServiceJson {
  readonly type: 'service';
  readonly unit: string;
  readonly installed: boolean;
  readonly enabled: boolean;
  readonly active: boolean;
}

export type ResultJson =
  | ErrorJson
  | OutcomeJson
  | CancelledJson
  | { readonly type: 'cancelled-all'; readonly count: number; readonly left: number }
  | ({
      readonly type: 'retried';
      readonly to: string;
      readonly delivered: number;
      readonly waiting: number;
    } & Partial<FailureJson>)
  | { readonly type: 'resent'; readonly to: string; readonly count: number }
  | { readonly type: 'deleted'; readonly count: number }
  | { readonly type: 'exported'; readonly count: number; readonly file: string }
  | { readonly type: 'trusted'; readonly name: string }
  | { readonly type: 'repair'; readonly name: string; readonly until: TimeJson }
  | { readonly type: 'forgiven'; readonly name: string }
  | { readonly type: 'muted'; readonly name: string; readonly muted_until: UntilJson }
  | { readonly type: 'unmuted'; readonly name: string }
  | { readonly type: 'read'; readonly name: string; readonly unread: number; readonly read_up_to?: number }
  | { readonly type: 'draft'; readonly name: string; readonly text?: string }
  | { readonly type: 'passphrase'; readonly locked: boolean }
  | { readonly type: 'backup'; readonly file: string }
  | { readonly type: 'restored'; readonly home: string; readonly username: string }
  | EntryJson
  | { readonly type: 'removed'; readonly username: string }
  | { readonly type: 'directory-created'; readonly directory: string }
  | CheckJson
  | {
      readonly type: 'up';
      readonly started: boolean;
      readonly pid: number;
      readonly listening: readonly AddressJson[];
    }
  | { readonly type: 'down'; readonly stopped: boolean }
  | {
      readonly type: 'exec';
      readonly id: string;
      readonly from: string;
      readonly position: number;
      readonly exit_code?: number;
      readonly signal?: string;
      readonly message?: string;
      readonly tries: number;
      readonly took_ms: number;
      readonly cursor?: string;
    }
  | SettingJson
  | ServiceJson
  | { readonly type: 'unset'; readonly key: string }
  | { readonly type: 'config'; readonly file: string }
  | { readonly type: 'trace'; readonly at: TimeJson; readonly line: string };

/** Every object that a command may write to stdout. Each is described in docs/json.md. */
export type PublicJson =
  EventJson | OutgoingJson | HistoryJson | ContactJson | IdentityJson | SafetyJson | StatusJson | ResultJson;
