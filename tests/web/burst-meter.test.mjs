import assert from 'node:assert/strict';
import { test } from 'node:test';

import { BurstMeter } from '../../web/burst-meter.js';
import { RENDER_QUANTUM, SAMPLE_RATE } from '../../web/protocol.js';

/** What is measured of a device that asks for `length` samples every so often. */
function measure(length, stallMs = () => 0) {
  const meter = new BurstMeter(SAMPLE_RATE);
  let nRendered = 0;
  let ms = 1000;
  for (let nAsked = length; !meter.isDone; nAsked += length) {
    ms += (1000 * length) / SAMPLE_RATE;
    for (; nRendered < nAsked; nRendered += RENDER_QUANTUM) {
      meter.observe(Math.floor(ms + stallMs(nAsked)), RENDER_QUANTUM);
    }
  }
  return meter.burst;
}

test('what a device asks for at a time, in whole quanta', () => {
  assert.equal(measure(480), 512);
  assert.equal(measure(960), 1024);
  assert.equal(measure(2048), 2048);
});

test('stalls of the machine do not count', () => {
  assert.equal(measure(480, (nAsked) => (nAsked % 4800 ? 0 : 9)), 512);
});

test('quanta that come one by one are hardly a burst', () => {
  assert.ok(measure(RENDER_QUANTUM) <= 2 * RENDER_QUANTUM);
});
