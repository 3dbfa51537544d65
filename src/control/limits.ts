/** A request, or a batch of them, as one line without its end. A text of 32 KiB whose every character is escaped takes 192 KiB. */
export const REQUEST_BYTES_MAX: number = 1024 * 1024;
/** An answer: a page of 1,000 messages of 32 KiB, each character escaped. */
export const ANSWER_BYTES_MAX: number = 256 * 1024 * 1024;
/** Programs that are connected. One more takes the place of one that never asked anything, else it is sent away. */
export const CLIENTS_MAX = 1_000;
/** Of one client: further ones wait in its socket until one of them is answered. A batch counts as one. */
export const REQUESTS_MAX = 64;
export const BATCH_MAX = 64;
/** Answers of one batch leave together: above this, a further page is refused. */
export const BATCH_ANSWER_BYTES_MAX: number = 16 * 1024 * 1024;
/** Texts whose outcome one client waits for. */
export const WAITS_MAX = 1_000;
export const SUBSCRIPTIONS_MAX = 16;
/** An id is said again in the answer, which may wait for long. */
export const ID_CHARS_MAX = 256;
/** Answers and events that a client has not read yet: above this, nothing more is done for it. */
export const UNREAD_BYTES_MAX: number = 1024 * 1024;
/** So much at a time is handed to the system: a client that reads slowly is told from one that does not. */
export const WRITE_BYTES_MAX: number = 256 * 1024;
/** A client that reads nothing of what waits for it is cut after this long. */
export const UNREAD_PATIENCE_MS = 5_000;
/** Requests and answers of all clients together: above this, who holds most is cut, until the rest fits. */
export const HELD_BYTES_MAX: number = 128 * 1024 * 1024;
/** Who holds no more than this is not cut for the others’ sake. */
export const HELD_BYTES_SMALL: number = 64 * 1024;
/** Whoever has ended its side and still waits is spoken to so often: only so does it show that it has left. */
export const WAITING_MS = 5_000;
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
