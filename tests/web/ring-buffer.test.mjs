import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

import { RingBuffer } from '../../web/ring-buffer.js';
import { integerBelow, seededRandom } from './random.mjs';

const CAPACITY = 64;

/** What a ring should do, told with a plain array: sample t is at index t. */
class Timeline {
  written = [];
  nRead = 0;

  get available() {
    return this.written.length - this.nRead;
  }

  pull(nSamples) {
    const start = this.nRead;
    this.nRead += nSamples;
    return Array.from({ length: nSamples }, (_, i) => this.written[start + i] ?? NaN);
  }

  has(nSamples) {
    const next = this.written.slice(this.nRead, this.nRead + nSamples);
    return this.available >= nSamples && !next.includes(NaN);
  }

  recall(nSamples, delay) {
    const start = this.written.length - nSamples - delay;
    return Array.from({ length: nSamples }, (_, i) => this.written[start + i] ?? 0);
  }
}

// Counts start where they are about to wrap, as they do after a day.
for (const firstCount of [0, 2 ** 31 - 300, 2 ** 32 - 300]) {
  test(`a ring behaves like an endless array, counting from ${firstCount}`, () => {
    for (let seed = 0; seed < 50; seed++) {
      const random = seededRandom(seed);
      const ring = new RingBuffer(RingBuffer.allocate(CAPACITY, SharedArrayBuffer));
      ring.counts.fill(firstCount);
      const expected = new Timeline();
      for (let step = 0; step < 200; step++) {
        const nSamples = integerBelow(random, CAPACITY / 2);
        const action = integerBelow(random, 5);
        if (action <= 1 && ring.available + nSamples <= CAPACITY) {
          const samples = Float32Array.from({ length: nSamples }, () => random() - 0.5);
          expected.written.push(...samples);
          ring.push(samples);
        } else if (action === 2 && ring.available + nSamples <= CAPACITY) {
          const hole = integerBelow(random, 3) * Math.floor(nSamples / 2);
          const samples = new Float32Array(nSamples - hole).fill(step);
          ring.pushAt(firstCount + expected.written.length + hole, samples);
          expected.written.push(...new Array(hole).fill(NaN), ...samples);
        } else if (action === 3) {
          const target = new Float32Array(nSamples).fill(5000);
          assert.equal(ring.has(nSamples), expected.has(nSamples));
          ring.pull(target);
          assert.deepEqual([...target], expected.pull(nSamples), `seed ${seed} step ${step}`);
        } else if (action === 4) {
          const target = new Float32Array(nSamples);
          ring.recall(target, CAPACITY - nSamples);
          assert.deepEqual([...target], expected.recall(nSamples, CAPACITY - nSamples));
        }
        assert.equal(ring.available, expected.available);
      }
    }
  });
}

test('a consumer may move on without reading', () => {
  const ring = new RingBuffer(RingBuffer.allocate(CAPACITY, SharedArrayBuffer));
  ring.push(Float32Array.of(1, 2, 3));
  ring.discard(2);
  const target = new Float32Array(1);
  ring.pull(target);
  assert.equal(target[0], 3);
});

test('nothing comes back half a day after the last push, when the counts wrap round', () => {
  const ring = new RingBuffer(RingBuffer.allocate(CAPACITY, SharedArrayBuffer));
  ring.push(new Float32Array(CAPACITY).fill(1));
  for (const nAhead of [2 ** 31 - 1, 2 * CAPACITY]) ring.discard(nAhead);
  assert.equal(ring.has(2), false);
  const target = new Float32Array(2);
  ring.pull(target);
  assert.deepEqual([...target], [NaN, NaN]);
});

test('a hole longer than the ring leaves nothing old behind', () => {
  const ring = new RingBuffer(RingBuffer.allocate(CAPACITY, SharedArrayBuffer));
  ring.push(new Float32Array(CAPACITY).fill(1));
  ring.pushAt(5 * CAPACITY, new Float32Array(0));
  assert.ok(ring.channels[0].every(Number.isNaN));
  assert.equal(ring.available, 5 * CAPACITY);
});

test('samples for a place already passed are left out', () => {
  const ring = new RingBuffer(RingBuffer.allocate(CAPACITY, ArrayBuffer));
  ring.push(Float32Array.of(1, 2));
  ring.pushAt(1, Float32Array.of(7));
  assert.equal(ring.available, 2);
});

test('nothing is written outside the ring', () => {
  const memory = RingBuffer.allocate(CAPACITY, SharedArrayBuffer);
  const ring = new RingBuffer(memory);
  assert.equal(ring.capacity, CAPACITY);
  assert.equal(ring.counts.byteLength + ring.channels[0].byteLength, memory.byteLength);
  ring.push(new Float32Array(5 * CAPACITY).fill(7));
  assert.deepEqual([...ring.counts], [5 * CAPACITY, 0]);
});

test('several channels are as many rings that move together', () => {
  const random = seededRandom(5);
  const [ring, left, right] = [2, 1, 1].map(
    (n) => new RingBuffer(RingBuffer.allocate(CAPACITY, ArrayBuffer, n), n),
  );
  for (let step = 0; step < 100; step++) {
    const length = integerBelow(random, CAPACITY / 4);
    const samples = Float32Array.from({ length: 2 * length }, random);
    const position = ring.position + Math.max(0, ring.available) + integerBelow(random, 4);
    ring.pushAt(position, samples);
    left.pushAt(position, samples.subarray(0, length));
    right.pushAt(position, samples.subarray(length));
    const [both, one, other] = [2, 1, 1].map((n) => new Float32Array(n * (length + 2)));
    ring.recall(both, 1);
    left.recall(one, 1);
    right.recall(other, 1);
    assert.deepEqual([...both], [...one, ...other]);
    assert.equal(ring.has(length + 2), left.has(length + 2));
    ring.pull(both);
    left.pull(one);
    right.pull(other);
    assert.deepEqual([...both], [...one, ...other]);
    assert.equal(ring.available, right.available);
  }
});

for (const capacity of [0, -8, 48, 0.5, NaN]) {
  test(`a capacity of ${capacity} is refused`, () => {
    assert.throws(() => RingBuffer.allocate(capacity, SharedArrayBuffer), /is not a power of two/);
  });
}

test('a consumer that waits gets every sample, in order, from another thread', async () => {
  const nSamples = 200_000;
  const memory = RingBuffer.allocate(1024, SharedArrayBuffer);
  const sums = runThread('consume', { memory, nSamples, hopLength: 96 });
  await produceRamp(new RingBuffer(memory), nSamples, seededRandom(1));
  assert.deepEqual(await sums, { nWrong: 0 });
});

test('a wait for samples that do not come ends', () => {
  const ring = new RingBuffer(RingBuffer.allocate(CAPACITY, SharedArrayBuffer));
  ring.push(Float32Array.of(1));
  assert.equal(ring.wait(2, 5), false);
  assert.equal(ring.wait(1, 5), true);
});

test('a consumer that does not wait gets the right sample or none, never another', async () => {
  const nSamples = 2_000_000;
  const memory = RingBuffer.allocate(4096, SharedArrayBuffer);
  const { nWrong, nLate } = await raceThread(memory, nSamples);
  assert.equal(nWrong, 0);
  assert.ok(nLate > 0 && nLate < nSamples, `${nLate} late: the threads never raced`);
});

/** Push 1, 2, 3 … in pieces of any size as room comes up. */
async function produceRamp(ring, nSamples, random) {
  for (let done = 0; done < nSamples; ) {
    const n = Math.min(1 + integerBelow(random, 300), nSamples - done);
    if (ring.available + n > ring.capacity) {
      await new Promise((resume) => setImmediate(resume));
      continue;
    }
    ring.push(Float32Array.from({ length: n }, (_, i) => done + i + 1));
    done += n;
  }
}

/** Another thread produces a ramp, this one pulls at its own pace. */
async function raceThread(memory, nSamples) {
  const ring = new RingBuffer(memory);
  const random = seededRandom(2);
  const producer = runThread('produce', { memory, nSamples });
  const quantum = new Float32Array(128);
  let nWrong = 0;
  let nLate = 0;
  for (let t = 0; t < nSamples; ) {
    // Mostly in step; now and then ahead, where samples are late.
    if (ring.available < quantum.length && random() < 0.999) {
      await new Promise((resume) => setImmediate(resume));
      continue;
    }
    ring.pull(quantum);
    for (let i = 0; i < quantum.length && t < nSamples; i++, t++) {
      if (Number.isNaN(quantum[i])) nLate++;
      else if (quantum[i] !== t + 1) nWrong++;
    }
  }
  await producer;
  return { nWrong, nLate };
}

function runThread(role, workerData) {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./ring-buffer-thread.mjs', import.meta.url), {
      workerData: { role, ...workerData },
    });
    thread.once('message', resolve);
    thread.once('error', reject);
  });
}
