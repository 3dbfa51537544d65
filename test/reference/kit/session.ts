import { type Bytes, concat, hex, u16, u64, u8, unhex, utf8, zeros } from '../bytes.ts';
import { type Item, writeItemBody } from '../items.ts';
import { MAX_U64 } from '../numbers.ts';
import { type RawItem, writeItem } from '../records.ts';
import { writeReady } from '../ready.ts';
import { PLAIN_READY } from '../session-target.ts';
import type { Session } from '../session.ts';
import type { SessionCase } from './case.ts';
import { flip, kitSecret } from './duel.ts';
import { type Director, sessionCase } from './session-case.ts';

// What comes after a handshake. spec/03.

const READY_BODY = writeReady(PLAIN_READY);

export const text = (side: Session, seq: number, words: string): Item =>
  side.seal({
    header: {
      timestamp: 1_784_000_000_000,
      id: `01920000-0000-7000-8000-${String(seq).padStart(12, '0')}`,
      seq,
      type: 'text',
    },
    plaintext: utf8(words),
  });

const ping: Item = { type: 'PING', bytes: zeros(8) };
const close: Item = { type: 'CLOSE', code: 0, lastSeq: 0n };
const ack = (cumulative: number): Item => ({ type: 'ACK', cumulative: BigInt(cumulative), exceptions: [] });

export function sessionCases(): SessionCase[] {
  return [
    ...rightCases(),
    ...recordCases(),
    ...structureCases(),
    ...bodyCases(),
    ...momentCases(),
    ...envelopeCases(),
  ];
}

function rightCases(): SessionCase[] {
  return [
    sessionCase('I', 'READY, a message, CLOSE', '03', 'ok', (run) => {
      run.open();
      run.take((peer) => peer.send(text(peer, 1, 'Hello')));
      run.take((peer) => peer.send(ack(0), close));
    }),
    sessionCase('R', 'READY, an early message, CLOSE', '03 READY', 'ok', (run) => {
      run.hello();
      run.take((peer) => peer.send(text(peer, 1, 'early')));
      run.ready();
      run.take((peer) => peer.send(close));
    }),
    sessionCase('R', 'items of one record act in order', '03 Records', 'ok', (run) => {
      run.open();
      run.take((peer) => peer.send(text(peer, 1, 'a'), ack(3), ping, text(peer, 2, 'b'), ack(4), close));
    }),
    sessionCase('I', 'an ACK with each status', '03 Items', 'ok', (run) => {
      run.open();
      const exceptions = [4, 6, 5, 5].map((status, at) => ({ seq: BigInt(4 + at), status }));
      run.take((peer) => peer.send({ type: 'ACK', cumulative: 5n, exceptions }));
    }),
    ...[0, 1, 2, 3, 511, 4000].map((length) =>
      sessionCase('R', `${length} bytes of padding`, '03 Records', 'ok', (run) => {
        run.open();
        run.take((peer) => peer.sendPlaintext(concat(writeItem(writeItemBody(ack(1))), zeros(length))));
      }),
    ),
    ...[0, 1, 2, 3, 4, 5, 6, 7].map((code) =>
      sessionCase('R', `CLOSE with code ${code}`, '03 Items', 'ok', (run) => {
        run.open();
        run.take((peer) => peer.send({ type: 'CLOSE', code, lastSeq: MAX_U64 }));
      }),
    ),
    sessionCase('R', 'READY with bits of caps that nobody knows', '03 Items', 'ok', (run) => {
      run.take((peer) => peer.sendRaw([{ type: 0x05, body: edited(READY_BODY, 10, unhex('ffffffff')) }]));
      run.ready();
    }),
    sessionCase('R', 'READY with a version to come', '03 Items', 'ok', (run) => {
      run.take((peer) => peer.sendRaw([{ type: 0x05, body: edited(READY_BODY, 9, u8(255)) }]));
      run.ready();
    }),
  ];
}

const edited = (body: Bytes, at: number, piece: Bytes): Bytes =>
  concat(body.slice(0, at), piece, body.slice(at + piece.length));

/** After READY, one record that is wrong as a whole. */
function wrongRecord(
  name: string,
  code: string,
  make: (peer: Session) => Bytes,
  role: 'I' | 'R' = 'R',
): SessionCase {
  return sessionCase(role, name, '03 Records', code, (run) => {
    run.open();
    run.take(make);
  });
}

function recordCases(): SessionCase[] {
  const decrypt = 'record-decrypt';
  const cases = [
    wrongRecord('a flipped bit in the ciphertext', decrypt, (peer) => flip(peer.send(ack(1)), 0)),
    wrongRecord('a flipped bit in the padding', decrypt, (peer) => flip(peer.send(ack(1)), 400)),
    wrongRecord('a flipped bit in the tag', decrypt, (peer) => flip(peer.send(ack(1)), -1)),
    wrongRecord('a flipped bit in the tag', decrypt, (peer) => flip(peer.send(ack(1)), -16, 0x80), 'I'),
    wrongRecord('a byte before the tag is missing', decrypt, (peer) => {
      const body = peer.send(ack(1));
      return concat(body.slice(0, -17), body.slice(-16));
    }),
    wrongRecord('15 bytes', decrypt, () => kitSecret('15 bytes', 15)),
    wrongRecord('one byte', decrypt, () => zeros(1)),
    wrongRecord('a record is missing', decrypt, (peer) => {
      peer.send(ack(1));
      return peer.send(ack(2));
    }),
    sessionCase('R', 'a record comes twice', '03 Records', decrypt, (run) => {
      run.open();
      const body = run.take((peer) => peer.send(ack(1)));
      run.take(() => body);
    }),
    sessionCase('I', 'two records changed places', '03 Records', decrypt, (run) => {
      run.open();
      run.take((peer) => {
        peer.send(ack(1));
        return peer.send(ack(2));
      });
    }),
  ];
  for (const role of ['I', 'R'] as const) {
    cases.push(
      sessionCase(role, 'its own READY comes back', '02 §7', decrypt, (run) => {
        const own = run.ready();
        run.take(() => own);
      }),
    );
  }
  return cases;
}

function structureCases(): SessionCase[] {
  const item = writeItem(writeItemBody(ping));
  const wrong = (name: string, plaintext: Bytes, comment?: string): SessionCase => ({
    ...wrongRecord(name, 'record-structure', (peer) => peer.sendPlaintext(plaintext)),
    ...(comment !== undefined && { comment }),
  });
  return [
    wrong('an empty plaintext', zeros(0)),
    wrong('zeros and nothing else', zeros(512)),
    wrong('a byte after the end of the items', concat(item, zeros(1), u8(1))),
    wrong('an item after the end of the items', concat(item, zeros(1), item)),
    wrong('the last byte of the padding is not zero', flip(concat(item, zeros(500)), -1)),
    wrong('an item ends beyond the plaintext', concat(u8(0x30), u16(9), zeros(8))),
    wrong('a second item ends beyond the plaintext', concat(item, u8(0x11), u16(8), zeros(7))),
    wrong('an item of 65,535 bytes that are not there', concat(u8(0x10), u16(65_535), zeros(505))),
    wrong('a header ends after its type', concat(item, u8(0x30))),
    wrong('a header ends in its length', concat(item, u8(0x30), u8(0))),
    wrong('a type and nothing else', u8(0x30)),
    wrong(
      'an unknown item, then a wrong structure',
      concat(u8(0x7f), u16(0), u8(0x30)),
      'The structure is judged first.',
    ),
    wrong(
      'a wrong body, then a wrong structure',
      concat(u8(0x30), u16(0), u8(0x30)),
      'The structure is judged first.',
    ),
  ];
}

/** A record with a good ACK and then this item: nothing of it acts. */
function wrongItem(name: string, code: string, item: RawItem): SessionCase {
  return sessionCase('R', name, '03 Items', code, (run) => {
    run.open();
    run.take((peer) => peer.sendRaw([writeItemBody(ack(1)), item]));
  });
}

function bodyCases(): SessionCase[] {
  const unknown = [0x01, 0x04, 0x06, 0x0f, 0x12, 0x20, 0x25, 0x32, 0x3f, 0x43, 0x4f, 0x51, 0x80, 0xff].map(
    (type) => wrongItem(`an item of type 0x${hex(u8(type))}`, 'item-unknown', { type, body: zeros(8) }),
  );
  const tooBig = unhex('0020000000000000');
  const bad = (name: string, type: number, ...parts: readonly Bytes[]): SessionCase =>
    wrongItem(name, 'item-body', { type, body: concat(...parts) });
  const exception = (seq: number, status: number): Bytes => concat(u64(seq), u8(status));
  return [
    ...unknown,
    ...readyBodies(tooBig),
    bad('MSG of 7 bytes', 0x10, zeros(7)),
    bad('MSG without a body', 0x10),
    bad('MSG with seq 0', 0x10, u64(0), utf8('{}')),
    bad('MSG with seq 2^53', 0x10, tooBig, utf8('{}')),
    bad('MSG with a seq of which the top bit is set', 0x10, unhex('8000000000000001'), utf8('{}')),
    bad('ACK of 7 bytes', 0x11, zeros(7)),
    bad('ACK of 16 bytes', 0x11, zeros(16)),
    bad('ACK up to 2^53', 0x11, tooBig),
    bad('ACK with the status 0', 0x11, u64(5), exception(2, 0)),
    bad('ACK with the status 3', 0x11, u64(5), exception(2, 3)),
    bad('ACK with the status 7', 0x11, u64(5), exception(2, 7)),
    bad('ACK with an exception for seq 0', 0x11, u64(5), exception(0, 4)),
    bad('ACK with an exception for seq 2^53', 0x11, u64(5), tooBig, u8(5)),
    bad('ACK with refused above cumulative', 0x11, u64(5), exception(6, 4)),
    bad('ACK with unsupported above cumulative', 0x11, u64(5), exception(6, 6)),
    bad('ACK with busy at cumulative', 0x11, u64(5), exception(5, 5)),
    bad('ACK with the same seq twice', 0x11, u64(5), exception(2, 4), exception(2, 4)),
    bad('ACK with descending seqs', 0x11, u64(5), exception(3, 4), exception(2, 4)),
    bad('PING of 7 bytes', 0x30, zeros(7)),
    bad('PING of 9 bytes', 0x30, zeros(9)),
    bad('PONG without a body', 0x31),
    bad('REKEY1 is a byte short', 0x40, zeros(1247)),
    bad('REKEY1 has the length of REKEY2', 0x40, zeros(1152)),
    bad('REKEY2 is a byte long', 0x41, zeros(1153)),
    bad('KEYSWITCH with a body', 0x42, zeros(1)),
    bad('CLOSE of 9 bytes', 0x50, zeros(9)),
    bad('CLOSE of 11 bytes', 0x50, zeros(11)),
    bad('CLOSE with code 8', 0x50, u16(8), u64(0)),
    bad('CLOSE with code 256', 0x50, u16(256), u64(0)),
    bad('CLOSE with a seq of 2^53', 0x50, u16(0), tooBig),
  ];
}

function readyBodies(tooBig: Bytes): SessionCase[] {
  const bad = (name: string, body: Bytes): SessionCase =>
    sessionCase('R', `READY ${name}`, '03 READY', 'item-body', (run) => {
      run.take((peer) => peer.sendRaw([{ type: 0x05, body }]));
    });
  return [
    bad('of 85 bytes', READY_BODY.slice(1)),
    bad('of 87 bytes', concat(READY_BODY, zeros(1))),
    bad('without a body', zeros(0)),
    bad('with status 3', edited(READY_BODY, 0, u8(3))),
    bad('with status 255', edited(READY_BODY, 0, u8(255))),
    bad('with version 0', edited(READY_BODY, 9, u8(0))),
    bad('with a clock of 2^53', edited(READY_BODY, 1, tooBig)),
    bad('with stored 2^53', edited(READY_BODY, 46, tooBig)),
    bad('with first 2^53', edited(READY_BODY, 70, tooBig)),
    bad('with last 2^53', edited(READY_BODY, 78, tooBig)),
  ];
}

function momentCases(): SessionCase[] {
  const wrong = (role: 'I' | 'R', name: string, play: (run: Director) => void): SessionCase =>
    sessionCase(role, name, '03 State', 'item-unexpected', play);
  const first = [ping, ack(0), close].flatMap((item) =>
    (['I', 'R'] as const).map((role) =>
      wrong(role, `${item.type} before READY`, (run) => {
        if (role === 'I') run.ready();
        run.take((peer) => peer.send(item));
      }),
    ),
  );
  return [
    ...first,
    wrong('R', 'MSG before READY', (run) => {
      run.take((peer) => peer.send(text(peer, 1, 'too early')));
    }),
    wrong('R', 'PING and READY in one record', (run) => {
      run.take((peer) => peer.send(ping, run.readyItem));
    }),
    wrong('I', 'a second READY', (run) => {
      run.open();
      run.take((peer) => peer.send(run.readyItem));
    }),
    wrong('R', 'a second READY', (run) => {
      run.open();
      run.take((peer) => peer.send(run.readyItem));
    }),
    wrong('R', 'a second READY behind an ACK', (run) => {
      run.open();
      run.take((peer) => peer.send(ack(2), run.readyItem));
    }),
    wrong('I', 'MSG behind CLOSE', (run) => {
      run.open();
      run.take((peer) => peer.send(text(peer, 1, 'before'), close, text(peer, 2, 'after')));
    }),
    sessionCase('R', 'MSG after our own CLOSE', '03 End', 'ok', (run) => {
      run.open();
      run.close();
      run.take((peer) => peer.send(ack(2), text(peer, 1, 'ignored'), ping));
      run.take((peer) => peer.send(close));
    }),
  ];
}

/** 04 through the record layer: the position counts, and what was good before has acted. */
function envelopeCases(): SessionCase[] {
  const wrong = (name: string, code: string, play: (run: Director) => void): SessionCase =>
    sessionCase('R', name, '04', code, (run) => {
      run.open();
      play(run);
    });
  return [
    wrong('two envelopes changed places', 'envelope-hmac', (run) => {
      run.take((peer) => {
        const [one, two] = [text(peer, 1, 'one'), text(peer, 2, 'two')];
        return peer.send(two, one);
      });
    }),
    wrong('an envelope is missing', 'envelope-hmac', (run) => {
      run.take((peer) => peer.send(text(peer, 1, 'one')));
      run.take((peer) => {
        text(peer, 2, 'two');
        return peer.send(text(peer, 3, 'three'));
      });
    }),
    wrong('an envelope comes twice', 'envelope-hmac', (run) => {
      run.take((peer) => {
        const message = text(peer, 1, 'one');
        return peer.send(message, message);
      });
    }),
    wrong('an empty envelope', 'envelope-size', (run) => {
      run.take((peer) => peer.send(text(peer, 1, 'good'), { type: 'MSG', seq: 2n, envelope: zeros(0) }));
    }),
    wrong('a MSG with another seq than its header', 'envelope-seq', (run) => {
      run.take((peer) => {
        const message = text(peer, 1, 'one');
        return peer.send({ ...message, seq: 2n } as Item);
      });
    }),
    wrong('an envelope sealed for the other direction', 'envelope-hmac', (run) => {
      run.take((peer) => peer.send(text(run.target, 1, 'mine')));
    }),
    sessionCase('I', 'a message that is sent again is sealed anew', '04', 'ok', (run) => {
      run.open();
      run.take((peer) => peer.send(text(peer, 1, 'one')));
      run.take((peer) => peer.send(text(peer, 1, 'one')));
    }),
  ];
}
