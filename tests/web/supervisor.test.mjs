import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Playback, Report, SAMPLE_RATE } from '../../web/protocol.js';
import { Supervisor } from '../../web/supervisor.js';

const TICK = SAMPLE_RATE / 10;

let slots, told, restarts, supervisor;

beforeEach(() => {
  slots = { playback: new Int32Array(4), report: new Float32Array(3), controls: undefined };
  told = [];
  restarts = [];
  supervisor = new Supervisor(slots, SAMPLE_RATE, {
    restart: (delayMs) =>
      new Promise((resolve, reject) => restarts.push({ delayMs, resolve, reject })),
    stepDown: () => told.push('step down'),
    degraded: (reason, message) => told.push(`degraded: ${reason}: ${message}`),
    recovered: () => told.push('recovered'),
    giveUp: (error) => told.push(`gave up: ${error.message}`),
  });
});

/** Some tenths of a second in which the audio thread plays and the engine works, or not. */
function pass(nTicks, { late = 0, works = true, played = TICK } = {}) {
  for (let i = 0; i < nTicks; i++) {
    slots.playback[Playback.SAMPLES] += played;
    slots.playback[Playback.LATE_SAMPLES] += late;
    if (works) slots.report[Report.HOPS] += 10;
    supervisor.observe();
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('nothing to tell while all is well, nor of a single late hop', () => {
  pass(10);
  pass(1, { late: 480 });
  pass(10);
  assert.deepEqual(told, []);
});

test('more than 50 ms late is told once, and when it is over', () => {
  pass(3, { late: 4000 });
  assert.deepEqual(told, ['degraded: late: the engine does not keep up']);
  pass(10);
  assert.deepEqual(told.slice(1), ['recovered']);
  assert.deepEqual(restarts, []);
});

test('an engine without a hop for two seconds of audio is replaced', async () => {
  pass(25, { works: false, late: TICK });
  assert.match(told[1], /^degraded: stopped: /);
  assert.deepEqual(restarts.map(({ delayMs }) => delayMs), [0]);
  pass(50, { works: false, late: TICK }); // still loading
  assert.equal(restarts.length, 1);
  restarts[0].resolve();
  await settled();
  pass(10);
  assert.equal(told.at(-1), 'recovered');
});

test('an engine at work that is late for five seconds on end needs a smaller model', () => {
  pass(49, { late: TICK });
  assert.ok(!told.includes('step down'));
  pass(1);
  pass(49, { late: TICK });
  assert.ok(!told.includes('step down'));
  pass(2, { late: TICK });
  assert.equal(told.at(-1), 'step down');
  pass(10);
  assert.equal(told.at(-1), 'recovered');
});

test('a suspended context is no reason to replace anything', () => {
  pass(100, { works: false, played: 0 });
  assert.deepEqual(told, []);
  assert.deepEqual(restarts, []);
});

test('counts may wrap', () => {
  slots.playback[Playback.SAMPLES] = slots.playback[Playback.LATE_SAMPLES] = 2 ** 31 - TICK;
  pass(1);
  told.length = 0;
  pass(10);
  pass(2, { late: TICK });
  assert.equal(told.filter((event) => event.startsWith('degraded')).length, 1);
});

test('after three engines, each after a longer rest, it gives up and says why', async () => {
  supervisor.engineFailed(new Error('first'));
  for (const words of ['second', 'third', 'fourth']) {
    restarts.at(-1).reject(new Error(words));
    await settled();
  }
  assert.deepEqual(restarts.map(({ delayMs }) => delayMs), [0, 1000, 4000]);
  assert.deepEqual(told, [
    'degraded: failed: first',
    'degraded: failed: second',
    'degraded: failed: third',
    'degraded: failed: fourth',
    'gave up: fourth',
  ]);
  pass(100, { works: false, late: TICK });
  assert.equal(told.length, 5);
});

test('half a minute without trouble earns the patience back', async () => {
  for (let i = 0; i < 6; i++) {
    supervisor.engineFailed(new Error('now and then'));
    restarts.at(-1).resolve();
    await settled();
    pass(310);
  }
  assert.equal(restarts.length, 6);
  assert.equal(told.filter((event) => event === 'recovered').length, 6);
});
