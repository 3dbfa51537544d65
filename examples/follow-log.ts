// Writes a line for each message that comes, and goes on where it stopped: node follow-log.ts FILE-FOR-ITS-PLACE
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect, type EventCursor } from 'sotto';

const place = process.argv[2] ?? 'follow-log.place';
const after = existsSync(place) ? { after: readFileSync(place, 'utf8') as EventCursor } : {};

await using chat = await connect();
const events = chat.events(after);
for await (const event of events) {
  if (event.type === 'message-received') {
    const line = event.text.safe.replaceAll('\n', ' / ');
    console.log(`${new Date(event.receivedAtWall).toISOString()} ${event.from}: ${line}`);
  }
  // Only now: stopped in between, it writes the line again rather than never.
  writeFileSync(`${place}.new`, events.cursor, { mode: 0o600 });
  renameSync(`${place}.new`, place);
}
