/** What becomes of hops that the engine could not take in time. */

import { HOP_LENGTH, RING_CAPACITY } from './protocol.js';

const MAX_BACKLOG = RING_CAPACITY / 2;

/**
 * A little is caught up with; after more, go to the last whole hop: nobody will hear the others.
 *
 * @param {import('./ring-buffer.js').RingBuffer} input
 */
export function skipBacklog(input) {
  if (input.available <= MAX_BACKLOG) return;
  input.skip((Math.floor(input.available / HOP_LENGTH) - 1) * HOP_LENGTH);
}
