// Says a word to a server, and another one where it is told so.
import net from 'node:net';

await (await fetch(`${process.env.MODEL_URL}/weather`)).json();
const [, , word = process.env.WORD, ...more] = process.argv;
for (const each of [word, ...more]) {
  const socket = net.connect(Number(process.env.LINES_PORT), '127.0.0.1').setEncoding('utf8');
  socket.write('echo\n');
  for await (const said of socket) {
    if (said === 'echo\n') socket.end(`order ${each}\n`);
    else process.stdout.write(said);
  }
}
