import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Conversation } from '../contender.ts';
import { receive } from '../texts.ts';

// The framing of the contenders that bring a byte stream and nothing else: raw TCP and TLS.
// text: length (4 bytes) | id (8 bytes) | UTF-8; ack: id (8 bytes) of the last text received, which acknowledges all before.

const HEADER_BYTES = 12;
const ACK_BYTES = 8;

/** Collects what one turn produced and writes it at once. */
class BatchedWriter {
  readonly #socket: Socket;
  #waiting: Buffer[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
  }

  write(bytes: Buffer): void {
    if (this.#waiting.push(bytes) === 1) process.nextTick(() => this.#flush());
  }
  #flush(): void {
    const [first] = this.#waiting;
    if (this.#socket.writable && first)
      this.#socket.write(this.#waiting.length === 1 ? first : Buffer.concat(this.#waiting));
    this.#waiting = [];
  }
}

/** The sending end. */
export function converse(socket: Socket, onAcks: (count: number) => void): Conversation {
  const sender = new TextSender(socket, onAcks);
  return {
    send: (text) => sender.send(text),
    close: async () => {
      const closed = once(socket, 'close');
      socket.end();
      await closed;
    },
  };
}

/** Numbers texts, counts acknowledgements. */
class TextSender {
  readonly #writer: BatchedWriter;
  #sent = 0;
  #acked = 0;
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, onAcks: (count: number) => void) {
    this.#writer = new BatchedWriter(socket);
    socket.on('data', (chunk: Buffer) => {
      const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
      const whole = bytes.length - (bytes.length % ACK_BYTES);
      this.#rest = bytes.subarray(whole);
      if (whole === 0) return;
      const last = Number(bytes.readBigUInt64BE(whole - ACK_BYTES));
      const count = last - this.#acked;
      this.#acked = last;
      onAcks(count);
    });
  }

  send(text: string): void {
    const frame = Buffer.allocUnsafe(HEADER_BYTES + Buffer.byteLength(text));
    frame.writeUInt32BE(frame.length - HEADER_BYTES, 0);
    frame.writeBigUInt64BE(BigInt(++this.#sent), 4);
    frame.write(text, HEADER_BYTES, 'utf8');
    this.#writer.write(frame);
  }
}

/** The receiving end: hands over every text, then acknowledges what one chunk brought with one ack. */
export function receiveTexts(socket: Socket): void {
  const writer = new BatchedWriter(socket);
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    let last: bigint | undefined;
    while (bytes.length - at >= HEADER_BYTES) {
      const end = at + HEADER_BYTES + bytes.readUInt32BE(at);
      if (end > bytes.length) break;
      last = bytes.readBigUInt64BE(at + 4);
      receive(bytes.toString('utf8', at + HEADER_BYTES, end));
      at = end;
    }
    rest = bytes.subarray(at);
    if (last === undefined) return;
    const ack = Buffer.allocUnsafe(ACK_BYTES);
    ack.writeBigUInt64BE(last);
    writer.write(ack);
  });
}
