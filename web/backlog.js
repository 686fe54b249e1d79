/** What becomes of blocks that the engine could not take in time. */

/**
 * A little is caught up with; after more, go to the last whole block: nobody will hear the others.
 *
 * @param {import('./ring-buffer.js').RingBuffer} input
 * @param {number} blockLength
 */
export function discardBacklog(input, blockLength) {
  if (input.available <= input.capacity / 2) return;
  input.discard((Math.floor(input.available / blockLength) - 1) * blockLength);
}
