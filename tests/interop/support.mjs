// What both interoperability tests share.

import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join, normalize } from 'node:path';

// The packages in a node_modules folder.
export const packagesIn = (folder) => createRequire(join(folder, 'here.cjs'));

// Runs a program; resolves to its exit code and what it printed.
export const run = (program, ...args) =>
  new Promise((resolve) => {
    execFile(program, args, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, output: stdout + stderr });
    });
  });

export const expect = (holds, what) => {
  if (!holds) throw new Error(`not so: ${what}`);
  console.log(`ok: ${what}`);
};

export const expectRun = async (what, program, ...args) => {
  const { code, output } = await run(program, ...args);
  if (code !== 0) throw new Error(`${what} ended with ${code}:\n${output}`);
  return output;
};

// Starts a web server on a free port of this machine. `answer(path)` gives the body of a path, or
// undefined where there is none; resolves to the address and how to end it.
export const serve = (answer) =>
  new Promise((resolve) => {
    const server = createServer(async (request, response) => {
      const body = await answer(decodeURIComponent(new URL(request.url, 'http://x').pathname));
      if (body === undefined) {
        response.writeHead(404).end();
      } else if (typeof body === 'string' || Buffer.isBuffer(body)) {
        response.writeHead(200, { 'content-length': Buffer.byteLength(body) }).end(body);
      } else {
        response.writeHead(200);
        body.pipe(response);
      }
    });
    server.listen(0, '127.0.0.1', () => {
      resolve({
        url: `http://127.0.0.1:${server.address().port}`,
        close: () => {
          server.closeAllConnections();
          return new Promise((closed) => server.close(closed));
        },
      });
    });
  });

// The files below a folder, as a plain static file server has them.
export const filesBelow = (folder) => async (path) => {
  const file = join(folder, normalize(path));
  const isFile = await stat(file).then((info) => info.isFile(), () => false);
  return isFile ? createReadStream(file) : undefined;
};
