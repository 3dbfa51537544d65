// The forms of the conformance kit's cases (spec/kit/README.md). Bytes are hex; what a peer sent is base64, for it is long.

export interface CaseHead {
  readonly name: string;
  /** Chapter and section of the rule. */
  readonly section: string;
  readonly comment?: string;
  /** `ok`, or the code with which the side under test ends. */
  readonly code: string;
}

export interface PrefaceCase extends CaseHead {
  readonly kind: 'preface';
  readonly bytes: string;
  readonly mode?: string;
}

export interface FramesCase extends CaseHead {
  readonly kind: 'frames';
  /** The exact length of each frame of a handshake; none after it. */
  readonly lengths: readonly number[];
  readonly stream: string;
  /** The whole bodies that come out before the end or the failure. */
  readonly bodies: readonly string[];
}

/** What the side under test has and draws. Absent is what its role does not use. */
export interface LocalSide {
  readonly user: string;
  readonly static: string;
  readonly ephemeral: string;
  readonly kem_seed?: string;
  readonly kem_message?: string;
  readonly pake_scalar?: string;
  readonly own_password?: string;
  /** Initiator: whom it dials, and what it knows of it. */
  readonly peer?: string;
  readonly peer_password?: string;
  readonly peer_key?: string;
  readonly pinned_key?: string;
  readonly psk?: string;
  /** Responder: its directory in an enrol, its pins in a session. */
  readonly contacts?: readonly { readonly user: string; readonly password: string; readonly key?: string }[];
  readonly pins?: readonly { readonly user: string; readonly key: string; readonly psk: string }[];
}

export interface HandshakeCase extends CaseHead {
  readonly kind: 'handshake';
  readonly mode: 'enrol' | 'session';
  readonly role: 'I' | 'R';
  readonly local: LocalSide;
  /** Frame bodies, in the order in which they come. */
  readonly receive: readonly string[];
  /** Which of them ends it; of an ok case, the last one. */
  readonly at: number;
  /** Of an ok case. */
  readonly proven?: {
    readonly peer: string;
    readonly peer_static: string;
    readonly h: string;
    readonly ss: string;
  };
}

export interface RecordCase extends CaseHead {
  readonly kind: 'record';
  /** The key in force for record n. */
  readonly key: string;
  readonly n: number;
  readonly bodies: readonly string[];
  readonly at: number;
}

export type SessionStep =
  | { readonly do: 'receive'; readonly body: string }
  | { readonly do: 'ready' }
  | { readonly do: 'rekey' }
  | { readonly do: 'close' };

export interface SessionCase extends CaseHead {
  readonly kind: 'session';
  readonly role: 'I' | 'R';
  readonly h: string;
  readonly ss: string;
  /** What the side under test draws for each key exchange. */
  readonly rekeys?: readonly {
    readonly ephemeral: string;
    readonly kem_seed?: string;
    readonly kem_message?: string;
  }[];
  readonly steps: readonly SessionStep[];
  readonly at: number;
  /** What acted, also before a failure: `READY`, `MSG seq plaintext`, `ACK cumulative seq:status …`, `CLOSE code`. */
  readonly acted: readonly string[];
}

export interface EnvelopeCase extends CaseHead {
  readonly kind: 'envelope';
  readonly h: string;
  readonly dir: 1 | 2;
  readonly enc: string;
  readonly mac: string;
  /** In order, from k = 0 and the start of the keystream. `text` when it is printable ASCII, else `hex`. */
  readonly envelopes: readonly { readonly seq: number; readonly text?: string; readonly hex?: string }[];
  readonly at: number;
  /** The plaintexts of those that were good. */
  readonly plaintexts: readonly string[];
}

export interface ConnectionCase extends CaseHead {
  readonly kind: 'connection';
  readonly mode: 'enrol' | 'session';
  readonly role: 'I' | 'R';
  readonly local: LocalSide;
  /** All that the side under test receives; then the stream ends if `ends`. It answers READY and CLOSE as soon as it may. */
  readonly stream: string;
  readonly ends: boolean;
  readonly acted: readonly string[];
}

export type KitCase =
  PrefaceCase | FramesCase | HandshakeCase | RecordCase | SessionCase | EnvelopeCase | ConnectionCase;

export interface KitFile {
  readonly description: string;
  readonly cases: readonly KitCase[];
}
