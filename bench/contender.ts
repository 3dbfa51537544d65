// What a contender must do to be measured. Each does the same work: texts of 200 bytes leave as a string, arrive as a
// string in another process, and are acknowledged by that program, not by its socket.

/** One way to send texts, at both of its ends. */
export interface Contender {
  /** Runs in the server process. `folder` is an empty temporary folder that both processes see. */
  serve(folder: string): Promise<Server>;
  /** Runs in the client process. */
  startClient(folder: string, address: Address): Promise<Client>;
}

/** What the client must know of the server; crosses from process to process as JSON. */
export type Address = Readonly<Record<string, string | number>>;

export interface Server {
  readonly address: Address;
  close(): Promise<void>;
}

export interface Client {
  /** A connection that lasts: `onAcks` is told how many texts more were acknowledged. */
  open(onAcks: (count: number) => void): Promise<Conversation>;
  /** Connect, handshake, one text, its ack, close: over when the connection is closed. Keys and listeners are kept. */
  cycle(text: string): Promise<void>;
  /** Prepares somebody whom the server has never met; the call that it returns connects, and is over with the ack. */
  prepareFirstContact(text: string): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export interface Conversation {
  send(text: string): void;
  close(): Promise<void>;
}
