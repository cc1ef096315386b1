// tuf-js follows a repository that cloister-publish writes: from the first root on, over new
// versions, a renewed root, a renewed timestamp and new keys; and refuses the same repository
// tampered with.
//
//   node tuf_js_reads_us.mjs BIN-DIRECTORY NODE_MODULES WORK-DIRECTORY

import { copyFile, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, expectRun, filesBelow, packagesIn, serve } from './support.mjs';

const [bin, packages, work] = process.argv.slice(2);
const { Updater } = packagesIn(packages)('tuf-js');
const publisher = join(bin, 'cloister-publish');

const csv = (count) =>
  'kind,value,verdict\n' +
  Array.from({ length: count }, (_, i) => `host,host${i}.example,malicious\n`).join('');

class Publisher {
  constructor(folder, algorithm) {
    Object.assign(this, { folder, algorithm });
    this.repository = join(folder, 'repository');
    this.passphrase = join(folder, 'passphrase');
    this.keys = [join(folder, 'keys')];
  }

  command(...args) {
    const keys = this.keys.flatMap((folder) => ['--keys', folder]);
    const common = [...keys, '--passphrase-file', this.passphrase];
    const all = [...args, '--repository', this.repository, ...common];
    return expectRun(args[0], publisher, ...all);
  }

  async start() {
    await mkdir(this.folder, { recursive: true });
    await writeFile(this.passphrase, 'correct horse battery staple\n', { mode: 0o600 });
    await expectRun('keys create', publisher, 'keys', 'create', '--out', this.keys[0],
      '--algorithm', this.algorithm, '--passphrase-file', this.passphrase);
    await this.command('init', '--feed', 'threats');
  }

  // Replaces the role's key by a new one.
  async rotate(role) {
    const folder = join(this.folder, `new-${role}`);
    await expectRun('keys create', publisher, 'keys', 'create', '--out', folder, '--role', role,
      '--algorithm', this.algorithm, '--passphrase-file', this.passphrase);
    const old = JSON.parse(await readFile(join(this.repository, 'metadata', '1.root.json')));
    this.keys.push(folder);
    await this.command('keys', 'rotate', '--role', role, '--public-key',
      join(folder, `${role}.pub.pem`), '--key-id', old.signed.roles[role].keyids[0], '--commit');
  }

  async publish(rows) {
    const source = join(this.folder, 'feed.csv');
    await writeFile(source, csv(rows));
    await this.command('publish', '--source', `csv:${source}`);
  }
}

// One run of the other client: refreshes, and downloads every pack. Resolves to their paths.
const follow = async (folder, url) => {
  const metadataDir = join(folder, 'metadata');
  const targetDir = join(folder, 'targets');
  await mkdir(targetDir, { recursive: true });
  const updater = new Updater({
    metadataDir, targetDir,
    metadataBaseUrl: `${url}/metadata`, targetBaseUrl: `${url}/targets`,
    config: { fetchRetries: 0 },
  });
  await updater.refresh();
  const listed = JSON.parse(await readFile(join(metadataDir, 'targets.json'))).signed.targets;
  const packs = Object.keys(listed).filter((path) => path.endsWith('.sst'));
  for (const path of packs) {
    const info = await updater.getTargetInfo(path);
    const file = await updater.downloadTarget(info, join(targetDir, basename(path)));
    const theirs = await readFile(file);
    expect(theirs.length === listed[path].length, `${path} is downloaded`);
  }
  return packs;
};

const versions = async (folder) => {
  const read = async (role) =>
    JSON.parse(await readFile(join(folder, 'metadata', `${role}.json`))).signed.version;
  return { root: await read('root'), timestamp: await read('timestamp') };
};

const refused = async (what, attempt) => {
  const error = await attempt().then(() => undefined, (thrown) => thrown);
  expect(error !== undefined, `${what} is refused: ${error && error.message}`);
};

const followRepository = async (algorithm) => {
  const upstream = new Publisher(join(work, algorithm), algorithm);
  const client = join(upstream.folder, 'client');
  await upstream.start();
  await upstream.publish(100);
  await mkdir(join(client, 'metadata'), { recursive: true });
  await copyFile(join(upstream.repository, 'metadata', '1.root.json'),
    join(client, 'metadata', 'root.json'));
  const server = await serve(filesBelow(upstream.repository));
  try {
    const first = await follow(client, server.url);
    expect(first.some((path) => path.startsWith('full-')), `${algorithm}: a snapshot is offered`);
    await upstream.publish(103);
    const second = await follow(client, server.url);
    expect(second.some((path) => path.startsWith('delta-')), `${algorithm}: a delta is offered`);
    const before = await versions(client);
    await upstream.command('renew-root', '--commit');
    await upstream.command('refresh-timestamp');
    await follow(client, server.url);
    const after = await versions(client);
    expect(after.root === before.root + 1, `${algorithm}: the renewed root is followed`);
    expect(after.timestamp > before.timestamp, `${algorithm}: the timestamp is renewed`);
    await upstream.rotate('timestamp');
    await upstream.rotate('targets');
    await follow(client, server.url);
    const rotated = await versions(client);
    expect(rotated.root === after.root + 2, `${algorithm}: new keys are followed`);
    await tamper(upstream, client, server.url);
  } finally {
    await server.close();
  }
};

// That the client above looks at all.
const tamper = async (upstream, client, url) => {
  const folder = join(upstream.repository, 'targets');
  const packs = (await readdir(folder)).filter((name) => name.endsWith('.sst'));
  for (const pack of packs) {
    const bytes = await readFile(join(folder, pack));
    const flipped = Buffer.from(bytes);
    flipped[flipped.length >> 1] ^= 1;
    await writeFile(join(folder, pack), flipped);
    await refused(`${pack.slice(65)} with a flipped bit`, () => follow(client, url));
    await writeFile(join(folder, pack), bytes);
  }
  await follow(client, url);
  const timestamp = join(upstream.repository, 'metadata', 'timestamp.json');
  const text = await readFile(timestamp, 'utf8');
  const { version } = JSON.parse(text).signed;
  await writeFile(timestamp, text.replace(new RegExp(`("version": ?)${version}\\b`, 'g'), '$199'));
  await refused('an altered timestamp', () => follow(client, url));
};

for (const algorithm of ['ed25519', 'ecdsa-p256']) await followRepository(algorithm);
