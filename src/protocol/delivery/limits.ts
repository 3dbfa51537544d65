/** Messages of one session that may be unacknowledged, or wait behind a gap; then back-pressure (spec/05). */
export const WINDOW_MESSAGES_MAX = 256;
/** The same in bytes, `ROW_BYTES` for each message included. */
export const WINDOW_BYTES_MAX = 1_048_576;
/** What a message counts beside its plaintext. */
export const ROW_BYTES = 512;
