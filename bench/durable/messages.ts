/** Where a program keeps its messages. */
export type StoreKind = 'database' | 'memory';

/** From the parent to one end; each is answered by one `Figures`. */
export type Order =
  /** Opens the program. `isRecording`: what it commits is kept for `replay`. */
  | { readonly type: 'open'; readonly store: StoreKind; readonly isRecording: boolean }
  | { readonly type: 'close' }
  /** Only the sender: one text at a time. */
  | { readonly type: 'one'; readonly trips: number }
  /** Only the sender: 256 texts are under way all the time. */
  | { readonly type: 'flight'; readonly warmUpMs: number; readonly measuredMs: number }
  /** What was recorded, into a new database without any network. */
  | { readonly type: 'replay' }
  /** How long a write of some pages and its fdatasync take. */
  | { readonly type: 'sync'; readonly times: number };

export type Figures = Readonly<Record<string, number>>;
