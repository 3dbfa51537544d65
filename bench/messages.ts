import type { Address } from './contender.ts';
import type { Effort, Figures } from './scenarios.ts';

// What the parent and the two processes of a run say to each other.

export type ToServer = { readonly type: 'read-cpu' } | { readonly type: 'stop' };

export interface ToClient {
  readonly address: Address;
  readonly scenarios: readonly string[];
  readonly effort: Effort;
}

export type FromChild =
  | { readonly type: 'listening'; readonly address: Address }
  | { readonly type: 'ready' }
  /** The part of `flight` that is measured begins or ends: the server's CPU time is of interest. */
  | { readonly type: 'mark' }
  | { readonly type: 'cpu'; readonly microseconds: number }
  | { readonly type: 'figures'; readonly figures: Figures };
