/** A request, as one line without its end. A text of 32 KiB whose every character is escaped takes 192 KiB. */
export const REQUEST_BYTES_MAX: number = 1024 * 1024;
/** An answer: a page of 1,000 messages of 32 KiB, each character escaped. */
export const ANSWER_BYTES_MAX: number = 256 * 1024 * 1024;
export const CLIENTS_MAX = 32;
/** Of one client: further ones wait in its socket until one of them is answered. */
export const REQUESTS_MAX = 64;
export const SUBSCRIPTIONS_MAX = 16;
/** Answers and events that a client has not read yet: above this, nothing more is done for it. */
export const UNREAD_BYTES_MAX: number = 1024 * 1024;
/** A client that reads nothing of what waits for it is cut after this long. */
export const UNREAD_PATIENCE_MS = 5_000;
/** Answers that are under way when the program ends are waited for so long. */
export const FINISH_PATIENCE_MS = 1_000;
/** A screen that does not say that it has shown an event is cut: it would hold up what peers send. */
export const SEEN_PATIENCE_MS = 60_000;
/** An answer is outstanding and nothing was heard for so long: the program is asked whether it lives. */
export const SILENCE_MS = 10_000;
/** So many of them in a row, and it is not waited for any longer. A backup of very many messages holds its loop up. */
export const SILENCES_MAX = 7;
/** Events that wait in a client for its own reader, at most. */
export const EVENTS_WAITING_MAX = 100_000;
