/**
 * Keeps the site for visits without a network, and isolates it where the host does not.
 *
 * integrity.json names every file of the site with its hash. What a page gets comes from one such
 * list from its first file to its last: a new site waits until no page shows the old one, or the
 * only page that does asks for it (demo/offline.js). Whatever fails here, the network answers.
 */

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

/** The hash of integrity.json, put in by web/build/integrity.py: a new site is a new worker. */
const VERSION = 'sha256-of-integrity.json';

const LIST = 'integrity.json';
const SITE = worker.registration.scope;
const CACHE_PREFIX = `percepnet ${SITE} `; // caches belong to the host, which may have two sites

/** Not fetched in advance: each is a choice of a few. */
const ON_DEMAND = /^models\/(?!default\.).*\.npz$/;

/** What a page says that wants the version that waits. */
const TAKE_OVER = 'take over';

worker.addEventListener('install', (event) => event.waitUntil(install()));
worker.addEventListener('activate', (event) => event.waitUntil(activate()));
worker.addEventListener('message', (event) => {
  if (event.data === TAKE_OVER) event.waitUntil(takeOverFromOnePage());
});
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

/** Not under pages that do not ask: these would be of two versions. */
async function takeOverFromOnePage() {
  const windows = await worker.clients.matchAll({ includeUncontrolled: true });
  if (windows.filter(({ url }) => url.startsWith(SITE)).length === 1) await worker.skipWaiting();
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
  const file = await ownFile(request).catch(() => undefined);
  if (!file) return fromNetwork(request);
  const range = request.headers.get('Range');
  return range ? cutOut(file, range) : file;
}

/**
 * @param {Request} request
 * @returns {Promise<Response | undefined>} undefined if it is no file of this version
 * @throws {Error} the cache cannot be read, or the file not be had
 */
async function ownFile({ url }) {
  const [address] = url.split(/[?#]/);
  const path = address.slice(SITE.length).replace(/(^|\/)$/, '$1index.html');
  const cache = await caches.open(CACHE_PREFIX + VERSION);
  const files = await readList(await cache.match(SITE + LIST));
  if (!(path in files)) return undefined;
  return (await cache.match(SITE + path)) ?? store(cache, path, files[path]);
}

/** @param {Request} request for what this version does not have */
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
