import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { provide } from './fake-browser.mjs';

const SCRIPT = readFileSync(new URL('../../web/service-worker.js', import.meta.url), 'utf8');

/** One host's, for all the sites on it. */
class FakeCaches {
  #caches = new Map();

  async open(name) {
    if (!this.#caches.has(name)) this.#caches.set(name, new Map());
    const files = this.#caches.get(name);
    return {
      match: async (url) => files.get(url)?.clone(),
      put: async (url, response) => files.set(url, response),
    };
  }

  async keys() {
    return [...this.#caches.keys()];
  }

  async delete(name) {
    return this.#caches.delete(name);
  }
}

/** Install and activate a version of the site at an address, as web/build/integrity.py marks it. */
async function take(t, scope, version) {
  const listeners = new Map();
  provide(t, {
    self: {
      registration: { scope, active: {} },
      clients: { async claim() {} },
      addEventListener: (type, listener) => listeners.set(type, listener),
    },
    fetch: async () => new Response('{}'),
  });
  const script = SCRIPT.replace('sha256-of-integrity.json', version);
  await import(`data:text/javascript,${encodeURIComponent(script)}// ${scope}`);
  for (const type of ['install', 'activate']) {
    await new Promise((resolve) => listeners.get(type)({ waitUntil: (done) => resolve(done) }));
  }
}

test('sites on one host keep their copies when one of them has a new version', async (t) => {
  const caches = new FakeCaches();
  provide(t, { caches });
  await take(t, 'https://host/a/', 'first');
  await take(t, 'https://host/a/b/', 'second');
  await take(t, 'https://host/a/', 'third');
  const versions = (await caches.keys()).map((name) => name.split(' ').at(-1));
  assert.deepEqual(versions, ['second', 'third']);
});
