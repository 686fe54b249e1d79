/** Visits without a network, shared memory between the threads on every host, new versions. */

const { serviceWorker } = navigator; // only on a secure page

/** As in service-worker.js. */
const TAKE_OVER = 'take over';

/** On a first visit: what the visitor starts at once comes before the copy of the whole site. */
const FIRST_COPY_AFTER_MS = 3000;

if (serviceWorker) {
  const isIsolated = crossOriginIsolated || serviceWorker.controller !== null;
  if (!isIsolated) isolateUnusedPage(serviceWorker);
  const canWait = isIsolated && !serviceWorker.controller;
  setTimeout(register, canWait ? FIRST_COPY_AFTER_MS : 0, serviceWorker);
}

/** @param {ServiceWorkerContainer} container */
function register(container) {
  const worker = new URL('../service-worker.js', import.meta.url);
  container.register(worker, { updateViaCache: 'none' }).then(takeNewVersion, (error) => {
    console.warn('This page works, but not without a network:', error);
  });
}

/**
 * Load the page once more, from the service worker that isolates it, unless it is in use by then.
 *
 * @param {ServiceWorkerContainer} container
 */
function isolateUnusedPage(container) {
  const inUse = new AbortController();
  for (const type of ['pointerdown', 'keydown', 'drop', 'change']) {
    addEventListener(type, () => inUse.abort(), { capture: true, signal: inUse.signal });
  }
  const { signal } = inUse;
  container.addEventListener('controllerchange', () => location.reload(), { once: true, signal });
}

/**
 * Have a version that has waited since an earlier visit, unless another page shows the old one.
 *
 * @param {ServiceWorkerRegistration} registration
 */
function takeNewVersion({ waiting }) {
  if (!waiting) return;
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload());
  waiting.postMessage(TAKE_OVER);
}
