import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import * as protocol from '../../web/protocol.js';
import { RingBuffer } from '../../web/ring-buffer.js';

const constantsPy = readFileSync(
  new URL('../../py/percepnet/constants.py', import.meta.url),
  'utf8',
);

for (const name of ['SAMPLE_RATE', 'HOP_LENGTH']) {
  test(`${name} is the Python package's`, () => {
    const [, digits] = constantsPy.match(new RegExp(`^${name} = ([\\d_]+)`, 'm'));
    assert.equal(protocol[name], Number(digits.replaceAll('_', '')));
  });
}

test('the cushion holds a hop and a device burst of 20 ms, and the rings hold the whole delay', () => {
  const burst = 0.02 * protocol.SAMPLE_RATE;
  assert.ok(protocol.CUSHION >= protocol.HOP_LENGTH + burst);
  const { input } = protocol.allocateShared();
  assert.ok(new RingBuffer(input).capacity > 4 * (protocol.CUSHION + burst));
});

test('a new output ring starts with the cushion, an input ring empty', () => {
  const { input, output } = protocol.allocateShared();
  assert.equal(new RingBuffer(output).available, protocol.CUSHION);
  assert.equal(new RingBuffer(input).available, 0);
});

test('every slot is its own and exists', () => {
  const { counters, values } = protocol.allocateShared();
  assert.deepEqual(Object.values(protocol.Counter), [...counters.keys()]);
  assert.deepEqual(Object.values(protocol.Value), [...values.keys()]);
});

test('what another thread receives is the same memory', () => {
  const shared = protocol.allocateShared();
  const received = structuredClone(shared);
  Atomics.store(received.counters, protocol.Counter.UNDERRUNS, 3);
  received.values[protocol.Value.STRENGTH] = 0.5;
  new RingBuffer(received.input).push(Float32Array.of(1));
  assert.equal(shared.counters[protocol.Counter.UNDERRUNS], 3);
  assert.equal(shared.values[protocol.Value.STRENGTH], 0.5);
  assert.equal(new RingBuffer(shared.input).available, 1);
});
