/** What the page and the audio context have to offer, each lack in words. */

/** Outside a secure page there is no audio worklet. */
export function requireSecurePage() {
  if (!globalThis.isSecureContext) {
    throw new Error('this page is not secure: open it over https or from localhost');
  }
}

/** @param {number} channelCount of a node */
export function requireChannelCount(channelCount) {
  if (!Number.isInteger(channelCount) || channelCount < 1 || channelCount > 32) {
    throw new RangeError(`channelCount ${channelCount} is not a whole number from 1 to 32`);
  }
}

/**
 * @param {'auto' | import('./protocol.js').Pipeline} wanted
 * @param {BaseAudioContext} context
 * @returns {import('./protocol.js').Pipeline}
 */
export function choosePipeline(wanted, context) {
  const isIsolated = globalThis.crossOriginIsolated;
  const isOffline = context instanceof OfflineAudioContext;
  if (wanted === 'auto') return isOffline ? 'inline' : isIsolated ? 'shared' : 'message';
  if (wanted !== 'shared' && wanted !== 'message' && wanted !== 'inline') {
    throw new RangeError(`pipeline "${wanted}" is not "auto", "shared", "message" or "inline"`);
  }
  if (isOffline && wanted !== 'inline') {
    throw new Error('an OfflineAudioContext waits for no other thread: choose pipeline "inline"');
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

/** Python needs it, and a page without permission for it gets no other message. */
export function requireWebAssembly() {
  try {
    new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)); // the empty module
  } catch (cause) {
    throw new Error(
      "WebAssembly is blocked: add 'wasm-unsafe-eval' to script-src in the Content-Security-Policy",
      { cause },
    );
  }
}
