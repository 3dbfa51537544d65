// Each line of stdin goes to each of several people: tail -f build.log | node stdin-to-group.ts alice bob
import { createInterface } from 'node:readline';
import { CodedError, connect } from 'sotto';

const people = process.argv.slice(2);
if (people.length === 0) throw new Error('usage: node stdin-to-group.ts NAME…');

await using chat = await connect();
for await (const text of createInterface({ input: process.stdin })) {
  if (text === '') continue;
  for (const to of people) {
    try {
      // On the disk once this resolves: the node delivers it, now or when they are there again.
      await chat.sendText({ to, text });
    } catch (error) {
      // The node has ended before it said so: only “sotto history” knows.
      const isUnsure = error instanceof CodedError && error.code === 'control-unusable';
      console.error(`${isUnsure ? 'perhaps not' : 'not'} sent to ${to}: ${String(error)}`);
      process.exitCode = 1;
    }
  }
}
