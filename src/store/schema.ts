/**
 * The database, one step a version (`user_version` counts them); a step that was released is never changed. Times are UTC ms, ids
 * 16 bytes, positions grow in the order in which messages were stored here and are never used twice.
 */
export const MIGRATIONS: readonly string[] = [
  `
  -- username, secret (X25519, 32 bytes), indexed: the words of everything up to this position can be searched, words: by which
  -- rules, spanned: up to this one spans are true, sweep: what was deleted is not yet out of the file, removed: the highest
  -- position that was deleted, trusted: how often trust has changed.
  CREATE TABLE home (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE contact (
    peer INTEGER PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    trust TEXT, -- JSON; null: never met
    reached_us INTEGER,
    -- What goes to it: the numbering's name, and how far it was given out, has left and is settled.
    epoch BLOB,
    assigned INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0,
    settled INTEGER NOT NULL DEFAULT 0,
    settled_id BLOB,
    waiting INTEGER NOT NULL DEFAULT 0,
    waiting_bytes INTEGER NOT NULL DEFAULT 0,
    acked_key BLOB, -- who acked last,
    acked_from INTEGER NOT NULL DEFAULT 0, -- and everything from this seq on
    -- What comes from it.
    peer_epoch BLOB,
    peer_epoch_number INTEGER NOT NULL DEFAULT 0, -- the n-th epoch of this peer
    stored INTEGER NOT NULL DEFAULT 0,
    stored_id BLOB,
    largest_id BLOB,
    -- The last message of this contact that a screen has shown: everything up to the largest of these positions has been.
    shown INTEGER NOT NULL DEFAULT 0
  ) STRICT;

  CREATE TABLE message (
    position INTEGER PRIMARY KEY,
    peer INTEGER NOT NULL,
    direction INTEGER NOT NULL, -- 0 in, 1 out
    id BLOB NOT NULL,
    text TEXT NOT NULL,
    written INTEGER NOT NULL, -- by its author's clock
    stored INTEGER NOT NULL, -- by ours
    seq INTEGER NOT NULL,
    epoch INTEGER NOT NULL, -- in: peer_epoch_number when it came; out: 0
    reply_to BLOB,
    state INTEGER NOT NULL, -- out: see message-state.ts; in: 0
    reason TEXT, -- JSON of a Failure
    settled INTEGER,
    expires INTEGER
  ) STRICT;
  CREATE INDEX message_of_peer ON message (peer, position);
  -- With the contact: SQLite would take message_of_peer for a contact's id, and read the whole conversation.
  CREATE INDEX message_by_id ON message (id, peer);
  CREATE INDEX message_expiring ON message (peer, expires) WHERE expires IS NOT NULL AND state = 0;
  CREATE INDEX message_expiring_in_order ON message (peer, seq, expires) WHERE expires IS NOT NULL AND state = 0;
  CREATE INDEX message_waiting ON message (peer, position) WHERE direction = 1 AND state = 0;

  -- Of each 1,024 positions the first and the last time at which one was stored: clocks jump, so that only this tells where
  -- the messages of some days lie. It may say too much once messages were deleted, never too little. It is written with the
  -- words, after the messages.
  CREATE TABLE span (block INTEGER PRIMARY KEY, oldest INTEGER NOT NULL, newest INTEGER NOT NULL) STRICT;

  -- What each message is found by (history/words.ts), without its text: for every word and every beginning of one, positions.
  CREATE VIRTUAL TABLE words USING
    fts5(tokens, content = '', columnsize = 0, detail = none, tokenize = 'ascii', prefix = '1 2 3');
  INSERT INTO words (words, rank) VALUES ('usermerge', 2);
  -- What FTS5 writes at once fits into a page.
  INSERT INTO words (words, rank) VALUES ('pgsz', 1950);

  -- Everything that has a seq in the present numbering of a contact, without gaps: unsettled, or kept for repair.
  CREATE TABLE outgoing (
    peer INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    id BLOB NOT NULL,
    position INTEGER, -- null: it goes out as a void
    settled INTEGER,
    PRIMARY KEY (peer, seq)
  ) STRICT, WITHOUT ROWID;

  -- Incoming ids without a message: withdrawn, refused, repeated under another seq, deleted here.
  CREATE TABLE passed (
    peer INTEGER NOT NULL,
    id BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    status TEXT, -- refused, unsupported, or null
    position INTEGER, -- of the message that was deleted
    PRIMARY KEY (peer, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX passed_refused ON passed (peer, epoch, seq) WHERE status IS NOT NULL;

  CREATE TABLE guess (bucket INTEGER PRIMARY KEY, failures INTEGER NOT NULL, last INTEGER NOT NULL) STRICT;
  CREATE TABLE guess_name (username TEXT PRIMARY KEY, failures INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  -- Up to where a person has read; what came before there were such positions, up to where a screen has shown it.
  ALTER TABLE contact ADD COLUMN read_up_to INTEGER NOT NULL DEFAULT 0;
  -- Null: it is heard.
  ALTER TABLE contact ADD COLUMN muted_until INTEGER;
  UPDATE contact SET read_up_to = (SELECT max(shown) FROM contact);
  -- What was begun to be written. It may be long, and the contact's row is written with every message: so it is not in it.
  CREATE TABLE draft (peer INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
  `,
];
