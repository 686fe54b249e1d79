/** What the page and the audio context have to offer, each lack in words. */

/** Outside a secure page there is no audio worklet. */
export function requireSecurePage() {
  if (!globalThis.isSecureContext) {
    throw new Error('this page is not secure: open it over https or from localhost');
  }
}

/**
 * @param {'auto' | import('./protocol.js').Pipeline} wanted
 * @returns {import('./protocol.js').Pipeline}
 */
export function choosePipeline(wanted) {
  const isIsolated = globalThis.crossOriginIsolated;
  if (wanted === 'auto') return isIsolated ? 'shared' : 'message';
  if (wanted !== 'shared' && wanted !== 'message') {
    throw new RangeError(`pipeline "${wanted}" is not "auto", "shared" or "message"`);
  }
  if (wanted === 'shared' && !isIsolated) {
    throw new Error(
      'this page is not cross-origin isolated: serve it with the headers ' +
        '"Cross-Origin-Opener-Policy: same-origin" and ' +
        '"Cross-Origin-Embedder-Policy: require-corp", or choose pipeline "message"',
    );
  }
  return wanted;
}

/** @param {BaseAudioContext} context */
export async function addProcessor(context) {
  const url = new URL('./percepnet-processor.js', import.meta.url);
  try {
    await context.audioWorklet.addModule(url);
  } catch (cause) {
    throw new Error(`the audio thread could not load ${url}: check that it is served`, { cause });
  }
}
