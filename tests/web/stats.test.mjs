import assert from 'node:assert/strict';
import { test } from 'node:test';

import { HopStep } from '../../web/hop-step.js';
import { HOP_LENGTH, N_CONTROLS, N_HOP_TIMES, N_PLAYBACK, N_REPORT } from '../../web/protocol.js';
import { readStats } from '../../web/stats.js';
import { provide } from './fake-browser.mjs';

/** What the stats say of hops that took so long. */
function hopMsOf(t, times) {
  let nowMs = 0;
  provide(t, { performance: { now: () => nowMs } });
  const slots = {
    controls: new Float32Array(N_CONTROLS),
    playback: new Int32Array(N_PLAYBACK),
    report: new Float32Array(N_REPORT),
  };
  const engine = { latency: 0, hop: new Float32Array(HOP_LENGTH), told: [0, 0] };
  const step = new HopStep(engine, slots);
  for (const [n, ms] of times.entries()) {
    engine.process = () => (nowMs += ms);
    step.process(new Float32Array(HOP_LENGTH), n * HOP_LENGTH);
  }
  const lines = { pipeline: 'shared', format: { sampleRate: 48_000, cushion: 0 } };
  const { hopMsP50, hopMsP99 } = readStats(slots, { latency: 0, kernel: '' }, '', lines);
  return [hopMsP50, hopMsP99];
}

test('hops that a coarse clock gives no time count, too', (t) => {
  assert.deepEqual(hopMsOf(t, [0, 1, 0, 0, 1]), [0, 1]);
});

test('before the first hop there is no time', (t) => {
  assert.deepEqual(hopMsOf(t, []), [0, 0]);
});

test('only the last ten seconds count', (t) => {
  const times = Array.from({ length: 2 * N_HOP_TIMES }, (_, n) => (n < N_HOP_TIMES ? 9 : 2));
  assert.deepEqual(hopMsOf(t, times), [2, 2]);
});
