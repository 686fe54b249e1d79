import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DelayLine } from '../../web/demo/live/delay-line.js';

for (const lengths of [[10], [1, 2, 3, 4], [3, 7], [5, 0, 5]]) {
  test(`pieces of ${lengths} come out three samples late`, () => {
    const line = new DelayLine();
    const samples = Float32Array.from({ length: 10 }, (_, i) => i + 1);
    const emitted = [];
    let start = 0;
    for (const length of lengths) {
      emitted.push(...line.process(samples.subarray(start, start + length), 3));
      start += length;
    }
    assert.deepEqual(emitted, [0, 0, 0, 1, 2, 3, 4, 5, 6, 7]);
  });
}

test('a delay that grows is in step again after as many zeros', () => {
  const line = new DelayLine();
  const pieces = [[1, 2, 3, 4], [5, 6, 7, 8]].map((piece) => Float32Array.from(piece));
  assert.deepEqual([...line.process(pieces[0], 1)], [0, 1, 2, 3]);
  assert.deepEqual([...line.process(pieces[1], 3)], [0, 0, 4, 5]);
});
