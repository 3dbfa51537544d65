import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Bytes, hex, unhex } from './bytes.ts';
import { unwatched } from './refused.ts';
import { type Agreed, rekeyInitiator, rekeyResponder } from './rekey.ts';

type Hex = Readonly<Record<string, string>>;

const file = new URL('../../spec/vectors/03-session.json', import.meta.url);
const { keyExchange } = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly keyExchange: { readonly given: Hex; readonly made: Hex };
};

test('the reference makes both messages and every key of the exchange in spec/vectors/03-session.json', () => {
  const { made } = keyExchange;
  const given = (name: string): Bytes => unhex(keyExchange.given[name]!);
  const [h, psk] = [given('handshakeHash'), given('psk')];

  const initiator = rekeyInitiator(
    h,
    psk,
    { ephemeral: given('ephemeralI'), kemSeed: given('kemSeed') },
    unwatched,
  );
  const rekey1 = initiator.next().value as Bytes;
  const ofResponder = { ephemeral: given('ephemeralR'), kemMessage: given('kemDraw') };
  const { rekey2, agreed } = rekeyResponder(h, psk, ofResponder, rekey1, unwatched);
  const mine = initiator.next(rekey2).value as Agreed;

  expect([hex(rekey1), hex(rekey2)]).toStrictEqual([made['rekey1'], made['rekey2']]);
  for (const { h: next, ss, keys } of [mine, agreed]) {
    const named = Object.entries({ h: next, sessionSecret: ss, ...keys }).map(([name, value]) => [
      name,
      hex(value),
    ]);
    expect(made).toMatchObject(Object.fromEntries(named));
  }
});
