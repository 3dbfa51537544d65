/** Messages of one session that may be unacknowledged, or wait behind a gap; then back-pressure (spec/05). */
export const WINDOW_MESSAGES_MAX = 256;
/** The same in bytes, `ROW_BYTES` for each message included. */
export const WINDOW_BYTES_MAX = 1_048_576;
/**
 * Messages above the last settled one that may have left, on however many sessions (spec/05): as many are in a sender's memory,
 * and a receiver remembers as many refusals that the sender may not have heard of.
 */
export const OUTSTANDING_MESSAGES_MAX = 512;
/** What a message counts beside its plaintext. */
export const ROW_BYTES = 512;

/** Everything queued for one contact, at most, withdrawn ones included: an offline peer must not fill the disk. */
export const QUEUE_MESSAGES_MAX = 1_000_000;
/** The same in bytes, `ROW_BYTES` for each message included, withdrawn ones not. */
export const QUEUE_BYTES_MAX = 1_073_741_824;

/** A peer that lost what it had acked gets so many by themselves: a stolen key must not fetch the history (spec/05 “Repair”). */
export const REPAIR_MESSAGES_MAX = 1_000;
/** And only those that it acked so lately. */
export const REPAIR_MS = 604_800_000;

/** A receiver that said busy is asked again after this long. */
export const BUSY_PAUSE_MS = 5_000;
