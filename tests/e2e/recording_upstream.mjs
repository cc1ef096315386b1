// A static file server that writes down, byte for byte, everything that it is sent.
//
//   node recording_upstream.mjs ADDRESS PORT FOLDER RECORD
//
// Prints "ready" once it listens. FOLDER may be a link that is turned while it runs.

import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, normalize } from 'node:path';

const [address, port, folder, record] = process.argv.slice(2);

function answer(path) {
  const file = join(folder, normalize(path));
  try {
    if (!statSync(file).isFile()) throw new Error('not a file');
    const body = readFileSync(file);
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), body]);
  } catch {
    return Buffer.from('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
  }
}

createServer((socket) => {
  let pending = '';
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes) => {
    appendFileSync(record, bytes);
    pending += bytes.toString('latin1');
    for (let end = pending.indexOf('\r\n\r\n'); end >= 0; end = pending.indexOf('\r\n\r\n')) {
      const line = pending.slice(0, pending.indexOf('\r\n')).split(' ');
      pending = pending.slice(end + 4);
      socket.write(answer(decodeURIComponent(line[1] ?? '/')));
    }
  });
}).listen(Number(port), address, () => console.log('ready'));
