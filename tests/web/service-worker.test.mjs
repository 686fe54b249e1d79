import assert from 'node:assert/strict';
import { test } from 'node:test';

import { provide } from './fake-browser.mjs';

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

/** Install and activate a version of the site at an address, on a host where all files are there. */
async function take(t, scope, version) {
  const listeners = new Map();
  provide(t, {
    self: {
      registration: { scope, active: {} },
      clients: { async claim() {} },
      addEventListener: (type, listener) => listeners.set(type, listener),
    },
    fetch: async (url) => new Response(url.endsWith('integrity.json') ? '{}' : url),
  });
  await import(`../../web/service-worker.js?${scope}${version}`);
  for (const type of ['install', 'activate']) {
    await new Promise((resolve) => listeners.get(type)({ waitUntil: (done) => resolve(done) }));
  }
}

test('two sites on one host leave each other their copies', async (t) => {
  const caches = new FakeCaches();
  provide(t, { caches });
  await take(t, 'https://host/a/', 1);
  await take(t, 'https://host/a/b/', 1);
  assert.equal((await caches.keys()).length, 2);
});
