/** Answers its parent with dice. */
import { writeFileSync } from 'node:fs';

writeFileSync(`${process.env.MARKERS}/${process.pid}`, '');
await fetch(`${process.env.MODEL_URL}/weather`).then((answer) => answer.text());
console.log('forked', process.argv[2], process.pid, process.connected);
process.on('message', (asked) => {
  console.log('asked', asked, Math.random());
  if (asked === 'bye') process.disconnect();
  else process.send({ to: asked, dice: Math.random(), at: Date.now() });
});
process.on('disconnect', () => console.log('alone', process.connected, Math.random()));
