// tuf_client, the library of the appliance, follows a repository that @tufjs/repo-mock writes, and
// refuses the same repository tampered with.
//
//   node we_read_repo_mock.mjs BIN-DIRECTORY NODE_MODULES WORK-DIRECTORY

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, expectRun, packagesIn, run, serve } from './support.mjs';

const [bin, packages, work] = process.argv.slice(2);
const { initializeTUFRepo, tufHandlers } = packagesIn(packages)('@tufjs/repo-mock');
const client = join(bin, 'tuf_client');

const targets = [
  { name: 'README.md', content: 'read me' },
  { name: 'data.bin', content: Buffer.from(Array.from({ length: 70000 }, (_, i) => i % 251)) },
];
const repository = initializeTUFRepo(targets);
const handlers = new Map(tufHandlers(repository, {}).map(({ path, fn }) => [path, fn]));
const replaced = new Map();
const server = await serve((path) => {
  if (replaced.has(path)) return replaced.get(path);
  const answer = handlers.has(path) ? handlers.get(path)() : { statusCode: 404 };
  return answer.statusCode === 200 ? answer.response : undefined;
});

const metadata = ['--metadata-dir', join(work, 'metadata')];
const source = ['--metadata-url', `${server.url}/metadata`];
const download = (...names) =>
  [...metadata, ...source, ...names.flatMap((name) => ['--target-name', name]),
   '--target-base-url', `${server.url}/targets`, '--target-dir', join(work, 'targets'), 'download'];

// Forgets everything but the root that was brought by hand.
const startAnew = async () => {
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  const root = join(work, 'root.json');
  await writeFile(root, JSON.stringify(repository.rootMeta.toJSON()));
  await expectRun('init', client, ...metadata, 'init', root);
};

const refused = async (what, path, body, reason) => {
  await startAnew();
  replaced.set(path, body);
  const { code, output } = await run(client, ...download('README.md'));
  replaced.delete(path);
  expect(code === 1 && output.includes(reason), `${what} is refused: ${output.trim()}`);
};

const altered = (meta, change) => {
  const json = meta.toJSON();
  change(json);
  return JSON.stringify(json);
};

try {
  await startAnew();
  await expectRun('refresh', client, ...metadata, ...source, 'refresh');
  await expectRun('download', client, ...download(...targets.map(({ name }) => name)));
  for (const { name, content } of targets) {
    const ours = await readFile(join(work, 'targets', name));
    expect(ours.equals(Buffer.from(content)), `${name} is downloaded`);
  }
  await refused('a tampered target', '/targets/README.md', 'read ME', 'target_hash_mismatch');
  await refused('a longer target', '/targets/README.md', 'read me too', 'target_too_large');
  await refused('an altered timestamp', '/metadata/timestamp.json',
    altered(repository.timestampMeta, (json) => { json.signed.version = 2; }),
    'metadata_threshold');
  await refused('an altered targets file', '/metadata/targets.json',
    altered(repository.targetsMeta, (json) => { json.signed.version = 2; }),
    'metadata_hash_mismatch');
  await refused('a timestamp of another repository', '/metadata/timestamp.json',
    JSON.stringify(initializeTUFRepo(targets).timestampMeta.toJSON()), 'metadata_threshold');
  await refused('a missing snapshot', '/metadata/snapshot.json', undefined, 'metadata_missing');
} finally {
  await server.close();
}
