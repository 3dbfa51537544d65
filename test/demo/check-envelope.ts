import { Buffer } from 'node:buffer';
import { crc32 } from 'node:zlib';

interface Envelope {
  readonly header: {
    readonly crc: number;
    readonly timestamp: number;
    readonly id: string;
    readonly seq: number;
    readonly type: string;
  };
  readonly message: string;
  readonly security: {
    readonly hmac: { readonly hmac_type: string; readonly hmac_val: string };
    readonly enc_type: string;
  };
}

/** What a reader can check without a key (spec/04-envelope.md); each line of the result says one thing that holds. */
export function checkEnvelope(json: string, text: string): readonly string[] {
  const envelope = JSON.parse(json) as Envelope;
  const { header, message, security } = envelope;
  const ciphertext = Buffer.from(message, 'base64');
  const hmac = Buffer.from(security.hmac.hmac_val, 'base64');
  const age = Date.now() - header.timestamp;
  const findings: readonly (readonly [holds: boolean, finding: string])[] = [
    [
      JSON.stringify(ordered(envelope)) === json,
      'exactly the fields of the format, in their order, no space',
    ],
    [crc32(message) === header.crc, `header.crc ${header.crc} is the CRC-32 of “message”`],
    [age >= 0 && age < 60_000, 'header.timestamp is the time of writing'],
    [/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab]/.test(header.id), 'header.id is a UUIDv7'],
    [header.seq === 1 && header.type === 'text', 'header.seq 1: the first text to this peer'],
    [ciphertext.toString('base64') === message, 'message is canonical base64'],
    [
      ciphertext.length === Buffer.byteLength(text),
      `message has ${ciphertext.length} bytes, as many as the text`,
    ],
    [
      !ciphertext.includes(text) && !json.includes(text),
      'message is ciphertext: the text is nowhere to be seen',
    ],
    [
      security.hmac.hmac_type === 'HMAC-SHA256' && hmac.length === 32,
      'security.hmac is an HMAC-SHA256, 32 bytes',
    ],
    [security.enc_type === 'AES-256-CTR', 'security.enc_type is AES-256-CTR'],
  ];
  const wrong = findings.filter(([holds]) => !holds).map(([, finding]) => finding);
  if (wrong.length > 0) throw new Error(`not true of the envelope: ${wrong.join('; ')}\n${json}`);
  return findings.map(([, finding]) => finding);
}

function ordered({ header, message, security }: Envelope): Envelope {
  const { crc, timestamp, id, seq, type } = header;
  const { hmac_type, hmac_val } = security.hmac;
  return {
    header: { crc, timestamp, id, seq, type },
    message,
    security: { hmac: { hmac_type, hmac_val }, enc_type: security.enc_type },
  };
}
