import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FrequencyRows, N_ROWS } from '../../web/demo/picture/frequency-axis.js';
import { N_COLUMNS, Overview } from '../../web/demo/picture/overview.js';
import { Spectrum } from '../../web/demo/picture/spectrum.js';
import { integerBelow, seededRandom } from './random.mjs';

const RATE = 48_000;

function sine(hz, nSamples) {
  return Float32Array.from({ length: nSamples }, (_, i) => Math.sin((2 * Math.PI * hz * i) / RATE));
}

function columnsOf(samples, pieceLengths) {
  const overview = new Overview(samples.length, RATE);
  const columns = [];
  for (let start = 0; start < samples.length; ) {
    const end = start + pieceLengths();
    columns.push(...overview.push(samples.subarray(start, end)));
    start = end;
  }
  return columns;
}

test('a spectrum is the textbook sum', () => {
  const frame = sine(5000, 64).map((x, i) => x + 0.3 * Math.cos(i));
  const power = new Float64Array(32);
  new Spectrum(64).addPower(frame, power);
  power.forEach((found, bin) => {
    let re = 0;
    let im = 0;
    frame.forEach((sample, i) => {
      const turn = (2 * Math.PI * i) / 64;
      const x = (sample * (0.42 - 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn))) / 64;
      re += x * Math.cos(bin * turn);
      im -= x * Math.sin(bin * turn);
    });
    assert.ok(Math.abs(found - (re ** 2 + im ** 2)) < 1e-12);
  });
});

test('a higher tone stands higher, at its own row', () => {
  const rowsDb = new Float32Array(N_ROWS);
  const rows = new FrequencyRows(1024, RATE);
  const loudest = [100, 200, 1000, 5000, 19_000].map((hz) => {
    const levelsDb = new Float32Array(1024).fill(-100);
    levelsDb[Math.round((hz * 2048) / RATE)] = 0;
    rows.pick(levelsDb, rowsDb);
    return rowsDb.indexOf(Math.max(...rowsDb));
  });
  assert.deepEqual(loudest, [...loudest].sort((a, b) => b - a));
  assert.equal(new Set(loudest).size, loudest.length);
  assert.ok(loudest[0] > N_ROWS - 10);
  assert.ok(loudest[4] < 5);
});

for (const nSamples of [1000, 47_999, 900_001]) {
  test(`${nSamples} samples make every column once, whatever the pieces`, () => {
    const samples = sine(1000, nSamples);
    const whole = columnsOf(samples, () => nSamples);
    assert.deepEqual(whole.map(({ column }) => column), [...Array(N_COLUMNS).keys()]);
    const random = seededRandom(1);
    const pieces = columnsOf(samples, () => 1 + integerBelow(random, 9000));
    assert.deepEqual(pieces, whole);
  });
}
