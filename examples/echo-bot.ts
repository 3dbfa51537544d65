// Answers each message with its own words; what came while it was away is answered first.
import { connect } from 'sotto';

await using chat = await connect();
for await (const event of chat.events({ isScreen: true })) {
  // Answers are not answered: two such bots would never stop.
  if (event.type !== 'message-received' || event.replyTo) continue;
  await chat.sendText({ to: event.from, text: event.text.exact(), replyTo: event.id });
}
