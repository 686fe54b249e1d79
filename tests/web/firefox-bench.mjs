/**
 * dist/bench.html in Firefox, by WebDriver BiDi: prints what the page offers as JSON.
 * Not a test of CI, as CI has Chromium alone. After ./build_wasm.sh:
 *
 *     node tests/web/firefox-bench.mjs [SECONDS] [FIREFOX]
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SECONDS = Number(process.argv[2] ?? 60);
const FIREFOX = process.argv[3] ?? 'firefox-esr';
const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
const WebSocket = createRequire(new URL('../../web/package.json', import.meta.url))('ws');

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css', '.json': 'application/json', '.wasm': 'application/wasm' };

const server = createServer(({ url }, response) => {
  const path = new URL(url ?? '/', 'http://localhost').pathname;
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
});
await new Promise((resolve) => server.listen(0, 'localhost', resolve));

const profile = mkdtempSync(join(tmpdir(), 'percepnet-firefox-'));
const firefox = spawn(FIREFOX, ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0']);
try {
  const socket = await connect();
  const { contexts } = await socket.send('browsingContext.getTree', {});
  const { context } = contexts[0];
  const url = `http://localhost:${server.address().port}/bench.html`;
  await socket.send('browsingContext.navigate', { context, url, wait: 'complete' });
  const { result } = await socket.send('script.evaluate', {
    target: { context },
    awaitPromise: true,
    expression: `(async () => {
      document.getElementById('seconds').value = ${SECONDS};
      document.querySelector('#bench button').click();
      const download = document.getElementById('download');
      const problem = document.getElementById('problem');
      while (!download.hasAttribute('href') && problem.hidden) await new Promise((r) => setTimeout(r, 200));
      return problem.hidden ? (await fetch(download.href)).text() : problem.textContent;
    })()`,
  });
  console.log(result.value);
} finally {
  const ended = new Promise((resolve) => firefox.once('exit', resolve));
  firefox.kill();
  await ended;
  server.close();
  rmSync(profile, { recursive: true, force: true });
}

/** A session with Firefox, once it says where it listens. */
async function connect() {
  const address = await new Promise((resolve, reject) => {
    let said = '';
    firefox.stderr.on('data', (text) => {
      said += text;
      const found = /WebDriver BiDi listening on (ws:\S+)/.exec(said);
      if (found) resolve(found[1]);
    });
    firefox.once('error', reject);
    firefox.once('exit', () => reject(new Error(`${FIREFOX} ended: ${said}`)));
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
  return { send };
}
