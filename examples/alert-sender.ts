// Sends one alert and says whether it was delivered: node alert-sender.ts ops 'disk full' [MS]
import { CodedError, connect, sendAndWait } from 'sotto';

const [to, text, withinMs = 10_000] = process.argv.slice(2);
if (!to || !text) throw new Error('usage: node alert-sender.ts NAME TEXT [MS]');

try {
  await using chat = await connect();
  const outcome = await sendAndWait(chat, { to, text }, { withinMs: Number(withinMs) });
  if (outcome.state === 'delivered') {
    console.log(`${to} has it, after ${outcome.tookMs} ms`);
  } else {
    // Queued or sent: it is on the disk and goes out later. Else it never will.
    console.error(`${to} does not have it (${outcome.state}): ${outcome.reason?.message ?? 'no answer yet'}`);
    process.exitCode = outcome.state === 'queued' || outcome.state === 'sent' ? 5 : 1;
  }
} catch (error) {
  if (!(error instanceof CodedError)) throw error;
  console.error(`${error.message} [${error.code}]`, error.hint ?? '');
  process.exitCode = 1;
}
