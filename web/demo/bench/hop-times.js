/** The clock of both workers: the same loop around whatever enhances a hop. */

const N_WARM_UP_HOPS = 50;

/**
 * @typedef {object} HopTimes in milliseconds
 * @property {number} median
 * @property {number} p99
 * @property {number} max
 * @property {number} hops how many
 */

/**
 * @param {Float32Array} sound
 * @param {number} hopLength
 * @param {(hop: Float32Array) => void} process takes a hop in, computes, brings it out
 * @returns {HopTimes}
 */
export function timeHops(sound, hopLength, process) {
  const nHops = Math.floor(sound.length / hopLength);
  const times = new Float64Array(nHops);
  for (let n = -N_WARM_UP_HOPS; n < nHops; n++) {
    const first = (n < 0 ? n + N_WARM_UP_HOPS : n) % nHops * hopLength;
    const hop = sound.slice(first, first + hopLength);
    const startedMs = performance.now();
    process(hop);
    if (n >= 0) times[n] = performance.now() - startedMs;
  }
  times.sort();
  return {
    median: times[nHops >> 1],
    p99: times[Math.floor(0.99 * nHops)],
    max: times[nHops - 1],
    hops: nHops,
  };
}

/** Bytes that this worker has fetched so far, compressed as they came. */
export function fetchedBytes() {
  const entries = /** @type {PerformanceResourceTiming[]} */ (
    performance.getEntriesByType('resource')
  );
  return entries.reduce((total, { encodedBodySize }) => total + encodedBodySize, 0);
}
