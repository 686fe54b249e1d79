/** The other thread of ring-buffer.test.mjs. */

import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';

import { RingBuffer } from '../../web/ring-buffer.js';
import { integerBelow, seededRandom } from './random.mjs';

const { role, memory, nSamples, hopLength } = workerData;
const ring = new RingBuffer(memory);
parentPort.postMessage({ consume, produce }[role]());

/** Pull hops of the ramp 1, 2, 3 …; the last, incomplete one is left. */
function consume() {
  const hop = new Float32Array(hopLength);
  let nWrong = 0;
  for (let t = 0; t + hopLength <= nSamples; t += hopLength) {
    assert(ring.wait(hopLength, 10_000));
    ring.pull(hop);
    hop.forEach((sample, i) => (nWrong += sample === t + i + 1 ? 0 : 1));
  }
  return { nWrong };
}

/** Push the ramp in pieces of any size, as room comes up. */
function produce() {
  const random = seededRandom(3);
  for (let done = 0; done < nSamples; ) {
    const n = Math.min(1 + integerBelow(random, 500), nSamples - done);
    if (ring.available + n > ring.capacity) continue;
    ring.push(Float32Array.from({ length: n }, (_, i) => done + i + 1));
    done += n;
  }
}
