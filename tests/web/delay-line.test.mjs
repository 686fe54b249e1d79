import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DelayLine } from '../../web/demo/live/delay-line.js';

for (const lengths of [[10], [1, 2, 3, 4], [3, 7], [5, 0, 5]]) {
  test(`pieces of ${lengths} come out three samples late`, () => {
    const line = new DelayLine(3);
    const samples = Float32Array.from({ length: 10 }, (_, i) => i + 1);
    const emitted = [];
    let start = 0;
    for (const length of lengths) {
      emitted.push(...line.process(samples.subarray(start, start + length)));
      start += length;
    }
    assert.deepEqual(emitted, [0, 0, 0, 1, 2, 3, 4, 5, 6, 7]);
  });
}
