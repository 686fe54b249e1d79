/** Firefox, headless, with a page of dist/, by WebDriver BiDi. */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
const WebSocket = createRequire(new URL('../../web/package.json', import.meta.url))('ws');

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css', '.json': 'application/json', '.wasm': 'application/wasm' };
const PREFERENCES = 'user_pref("media.autoplay.default", 0);\n';

/**
 * Open a page, cross-origin isolated; what is posted to the server comes to `onPost`.
 *
 * @param {string} command Firefox's
 * @param {string} path of the page
 * @param {(evaluate: (script: string) => Promise<any>) => Promise<void>} use may evaluate
 *   expressions, promises too
 * @param {(path: string, body: Buffer) => void} [onPost]
 */
export async function inFirefox(command, path, use, onPost = () => {}) {
  const server = createServer((request, response) => answer(request, response, onPost));
  await new Promise((resolve) => server.listen(0, 'localhost', resolve));
  const profile = mkdtempSync(join(tmpdir(), 'percepnet-firefox-'));
  writeFileSync(join(profile, 'user.js'), PREFERENCES);
  const firefox = spawn(command, ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0']);
  try {
    const send = await connect(firefox, command);
    const { contexts } = await send('browsingContext.getTree', {});
    const { context } = contexts[0];
    const url = `http://localhost:${server.address().port}/${path}`;
    await send('browsingContext.navigate', { context, url, wait: 'complete' });
    await use(async (expression) => {
      const answered = await send('script.evaluate', { target: { context }, awaitPromise: true, expression });
      if (answered.exceptionDetails) throw new Error(answered.exceptionDetails.text);
      return answered.result.value;
    });
  } finally {
    const ended = new Promise((resolve) => firefox.once('exit', resolve));
    firefox.kill();
    await ended;
    server.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

async function answer(request, response, onPost) {
  const path = new URL(request.url, 'http://localhost').pathname;
  if (request.method === 'POST') {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    onPost(path, Buffer.concat(pieces));
    response.writeHead(204).end();
    return;
  }
  try {
    const content = readFileSync(join(DIST, path));
    response.writeHead(200, {
      'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    });
    response.end(content);
  } catch {
    response.writeHead(404).end();
  }
}

/** A session with Firefox, once it says where it listens. */
async function connect(firefox, command) {
  const address = await new Promise((resolve, reject) => {
    let said = '';
    firefox.stderr.on('data', (text) => {
      said += text;
      const found = /WebDriver BiDi listening on (ws:\S+)/.exec(said);
      if (found) resolve(found[1]);
    });
    firefox.once('error', reject);
    firefox.once('exit', () => reject(new Error(`${command} ended: ${said}`)));
  });
  const socket = new WebSocket(`${address}/session`);
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const waiting = new Map();
  socket.on('message', (text) => {
    const { id, result, message } = JSON.parse(text);
    const { resolve, reject } = waiting.get(id) ?? {};
    if (resolve) result ? resolve(result) : reject(new Error(message));
  });
  let id = 0;
  const send = (method, params) =>
    new Promise((resolve, reject) => {
      waiting.set(++id, { resolve, reject });
      socket.send(JSON.stringify({ id, method, params }));
    });
  await send('session.new', { capabilities: {} });
  return send;
}
