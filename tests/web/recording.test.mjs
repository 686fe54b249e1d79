import assert from 'node:assert/strict';
import { test } from 'node:test';

import { WavSource } from '../../web/demo/files/wav-source.js';
import { Recording } from '../../web/demo/live/recording.js';
import { FakeElement, provide } from './fake-browser.mjs';
import { seededRandom } from './random.mjs';

const PIECE_LENGTH = 4800;
const LATENCIES = [3104, 3104, 4000, 4000]; // by piece
const N_MORE = LATENCIES[2] - LATENCIES[1];

class FakeCanvas extends FakeElement {
  getContext() {
    return { putImageData() {} };
  }
}

class FakeHost extends FakeElement {
  querySelectorAll(selector) {
    return selector === 'canvas' ? [new FakeCanvas(), new FakeCanvas()] : [];
  }
}

/** A page with nothing but the panel, and what is loaded into its player. */
function openPage(t) {
  const elements = new Map([['take-player', new FakeHost()]]);
  const getElementById = (id) => {
    if (!elements.has(id)) elements.set(id, new FakeElement());
    return elements.get(id);
  };
  provide(t, {
    window: new EventTarget(),
    document: { getElementById },
    ImageData: class {
      constructor(width, height) {
        this.data = new Uint8ClampedArray(4 * width * height);
      }
    },
    Audio: class extends EventTarget {
      paused = true;
      currentTime = 0;
      pause() {}
      removeAttribute() {}
    },
  });
  const blobs = [];
  t.mock.method(URL, 'createObjectURL', (blob) => `blob:${blobs.push(blob)}`);
  return { button: getElementById('record'), blobs };
}

test('both sides stay in step where the delay grows in the middle', async (t) => {
  const { button, blobs } = openPage(t);
  const recording = new Recording();
  button.dispatchEvent(new Event('click'));
  const session = { tap: {}, latency: LATENCIES[0] };
  recording.attach(session);

  const random = seededRandom(1);
  const sound = Float32Array.from({ length: PIECE_LENGTH * LATENCIES.length }, () => random() - 0.5);
  LATENCIES.forEach((latency, n) => {
    session.latency = latency;
    const start = n * PIECE_LENGTH;
    const received = sound.subarray(start, start + PIECE_LENGTH);
    const emitted = received.map((_, i) => sound[start + i - latency] ?? 0);
    session.tap.onsamples([received, emitted]);
  });
  recording.detach();

  const [, , both] = blobs; // after each side
  const source = await WavSource.open(both);
  const [before, after] = await source.read(0, source.length);
  assert.equal(source.length, sound.length);
  const grown = 2 * PIECE_LENGTH;
  assert.ok(before.subarray(grown, grown + N_MORE).every((sample) => sample === 0));
  after.fill(0, grown, grown + N_MORE);
  assert.deepEqual(before, after);
});
