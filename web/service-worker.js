/**
 * Keeps the site for visits without a network, and isolates it where the host does not.
 *
 * integrity.json names every file of the site with its hash. What a page gets comes from one such
 * list from its first file to its last: a new site waits until no page shows the old one.
 */

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

/** The hash of integrity.json, put in by web/build/integrity.py: a new site is a new worker. */
const VERSION = 'sha256-of-integrity.json';

const LIST = 'integrity.json';
const CACHE_PREFIX = 'percepnet ';
const SITE = worker.registration.scope;

/** Not fetched in advance: each is a choice of a few. */
const ON_DEMAND = /^models\/(?!default\.).*\.npz$/;

const ACTIVATE = 'activate';

worker.addEventListener('install', (event) => event.waitUntil(install()));
worker.addEventListener('activate', (event) => event.waitUntil(activate()));
worker.addEventListener('message', ({ data }) => data === ACTIVATE && worker.skipWaiting());
worker.addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  if (method === 'GET' && url.startsWith(SITE)) event.respondWith(answer(event.request));
});

/** Get the whole site, or fail and leave the version before at work. */
async function install() {
  const before = await wholeCache();
  const cache = await caches.open(CACHE_PREFIX + VERSION);
  const files = await readList(await store(cache, LIST, VERSION));
  const filesBefore = await readList(await before?.match(SITE + LIST));
  await Promise.all(
    Object.entries(files).map(async ([path, integrity]) => {
      const isSame = filesBefore[path] === integrity;
      const kept = isSame ? await before?.match(SITE + path) : undefined;
      if (kept) await cache.put(SITE + path, kept);
      else if (!ON_DEMAND.test(path)) await store(cache, path, integrity);
    }),
  );
}

async function activate() {
  for (const name of await caches.keys()) {
    if (name.startsWith(CACHE_PREFIX) && name !== CACHE_PREFIX + VERSION) await caches.delete(name);
  }
  await worker.clients.claim();
}

/** The version that is at work now. */
async function wholeCache() {
  if (!worker.registration.active) return undefined;
  const names = await caches.keys();
  const name = names.find((name) => name.startsWith(CACHE_PREFIX) && !name.endsWith(VERSION));
  return name === undefined ? undefined : caches.open(name);
}

/**
 * @param {Response | undefined} list
 * @returns {Promise<Record<string, string>>} hashes by path
 */
async function readList(list) {
  return list ? list.json() : {};
}

/**
 * Fetch a file of this version, and no other, into the cache.
 *
 * @param {Cache} cache
 * @param {string} path
 * @param {string} integrity
 * @returns {Promise<Response>}
 * @throws {TypeError} it cannot be had, or the host has another version
 */
async function store(cache, path, integrity) {
  const response = await fetch(SITE + path, { integrity, cache: 'no-cache' });
  if (!response.ok) throw new TypeError(`${response.url}: HTTP ${response.status}`);
  const isolated = isolate(response);
  await cache.put(SITE + path, isolated.clone());
  return isolated;
}

/**
 * As it is, unpacked, with the headers that shared memory asks for.
 *
 * @param {Response} response
 */
function isolate({ body, status, statusText, headers }) {
  const more = new Headers(headers);
  more.delete('Content-Encoding');
  more.delete('Content-Length');
  more.set('Cross-Origin-Opener-Policy', 'same-origin');
  more.set('Cross-Origin-Embedder-Policy', 'require-corp');
  return new Response(body, { status, statusText, headers: more });
}

/** @param {Request} request */
async function answer(request) {
  if (request.mode === 'navigate' && (await makeWay())) {
    return new Response('', { headers: { Refresh: '0' } });
  }
  const [address] = request.url.split(/[?#]/);
  const path = address.slice(SITE.length).replace(/(^|\/)$/, '$1index.html');
  const cache = await caches.open(CACHE_PREFIX + VERSION);
  const files = await readList(await cache.match(SITE + LIST));
  if (!(path in files)) return fromNetwork(request);
  const file = (await cache.match(SITE + path)) ?? (await store(cache, path, files[path]));
  const range = request.headers.get('Range');
  return range ? cutOut(file, range) : file;
}

/**
 * Let the new version take over if the page that is being left was the last of this one.
 *
 * @returns {Promise<boolean>} whether it does
 */
async function makeWay() {
  const { waiting } = worker.registration;
  if (!waiting || (await worker.clients.matchAll()).length > 1) return false;
  waiting.postMessage(ACTIVATE);
  return true;
}

/** @param {Request} request for what is not of the site's version */
async function fromNetwork(request) {
  const response = await fetch(request);
  const isPlain = response.type === 'basic' && !response.redirected && response.status >= 200;
  return isPlain && ![204, 205, 304].includes(response.status) ? isolate(response) : response;
}

/**
 * What a player asks for, which fetches a file piece by piece.
 *
 * @param {Response} file
 * @param {string} range the header: of several pieces, the whole file may be sent
 */
async function cutOut(file, range) {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
  if (!first && !last) return file;
  const content = await file.blob();
  const start = first ? Number(first) : Math.max(0, content.size - Number(last));
  const end = first && last ? Math.min(Number(last) + 1, content.size) : content.size;
  const headers = new Headers(file.headers);
  if (start >= end) {
    headers.set('Content-Range', `bytes */${content.size}`);
    return new Response(null, { status: 416, headers });
  }
  headers.set('Content-Range', `bytes ${start}-${end - 1}/${content.size}`);
  headers.set('Content-Length', String(end - start));
  return new Response(content.slice(start, end, content.type), { status: 206, headers });
}
