import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';

import {
  CUSHION, formatAt, HOP_LENGTH, Playback, RENDER_QUANTUM, SAMPLE_RATE,
} from '../../web/protocol.js';
import { LATENCY, MessagePipeline, ramp, SharedPipeline } from './pipelines.mjs';

const N_CUSHION_QUANTA = CUSHION / RENDER_QUANTUM;

/** What is heard at a time, from an engine in time and without one. */
function enhanced(start, length) {
  return ramp(start - LATENCY, length).map((sample) => -sample);
}

function dry(start, length) {
  return ramp(start - LATENCY, length);
}

function assertSame(heard, expected) {
  assert.deepEqual([...heard].map((x) => x + 0), [...expected].map((x) => x + 0)); // -0 is 0
}

/** Whether the samples go from one to the other in steps no longer than a click-free fade's. */
function assertFades(heard, from, to) {
  heard.forEach((sample, i) => {
    const share = (i + 1) / RENDER_QUANTUM;
    assert.ok(Math.abs(sample - (1 - share) * from[i] - share * to[i]) < 1e-5, `sample ${i}`);
  });
}

const pipelines = {
  shared: async (nChannels) => new SharedPipeline(nChannels),
  message: async (nChannels) => {
    const pipeline = new MessagePipeline(nChannels);
    await pipeline.startEngine();
    return pipeline;
  },
};

for (const [name, open] of Object.entries(pipelines)) {
  describe(`the audio thread in pipeline ${name}`, () => {
    let pipeline, audio;

    beforeEach(async () => {
      pipeline = await open();
      audio = pipeline.audio;
    });
    afterEach(() => pipeline.end());

    /** The audio thread's counts, as the main thread has them. */
    async function playback() {
      audio.play(20); // long enough for the next message
      await pipeline.work();
      return pipeline.main.slots.playback;
    }

    async function playInTime(nQuanta) {
      const heard = [];
      for (let i = 0; i < nQuanta; i++) {
        heard.push(...audio.play(1));
        await pipeline.work();
      }
      return heard;
    }

    test('the signal comes back after exactly the cushion and the engine', async () => {
      const heard = await playInTime(60);
      assertSame(heard, enhanced(0, heard.length));
      assert.equal(pipeline.main.slots.playback[Playback.UNDERRUNS], 0);
    });

    test('hops lie where they lie in the context, wherever the node begins', async () => {
      globalThis.currentFrame = 10 * HOP_LENGTH - RENDER_QUANTUM;
      const heard = await playInTime(1);
      globalThis.currentFrame = 0;
      assert.equal(pipeline.step.hops.size, 1);
      heard.push(...(await playInTime(60)));
      assertSame(heard, enhanced(0, heard.length));
    });

    test('a device that asks for more than it declared is given a longer delay, once', async (t) => {
      let nowMs = 0;
      t.mock.method(Date, 'now', () => nowMs);
      const heard = [];
      for (let i = 0; i < 60; i++, nowMs += 20) heard.push(...(await playInTime(8)));
      const added = pipeline.main.slots.playback[Playback.ADDED_DELAY];
      const { cushion } = formatAt(SAMPLE_RATE, 1, RENDER_QUANTUM, (8 * RENDER_QUANTUM) / SAMPLE_RATE);
      assert.equal(added, cushion - CUSHION);
      const start = audio.position - RENDER_QUANTUM;
      assertSame(heard.slice(-RENDER_QUANTUM), enhanced(start - added, RENDER_QUANTUM));
      assert.equal(pipeline.main.slots.playback[Playback.UNDERRUNS], 0);
    });

    test('an engine that is late costs the noise, not the voice; the delay stays', async () => {
      await playInTime(40);
      const start = audio.position;
      const heard = audio.play(N_CUSHION_QUANTA + 10);
      const nDry = 8 * RENDER_QUANTUM;
      assertSame(heard.slice(-nDry), dry(audio.position - nDry, nDry));
      const firstFade = heard.findIndex((x, i) => x !== enhanced(start + i, 1)[0]);
      assert.equal(firstFade % RENDER_QUANTUM, 0);
      assertFades(
        heard.slice(firstFade, firstFade + RENDER_QUANTUM),
        enhanced(start + firstFade, RENDER_QUANTUM),
        dry(start + firstFade, RENDER_QUANTUM),
      );

      await pipeline.work(); // the late hops are passed over
      const back = audio.position;
      assertFades(
        audio.play(1),
        dry(back, RENDER_QUANTUM),
        enhanced(back, RENDER_QUANTUM),
      );
      assertSame(audio.play(1), enhanced(back + RENDER_QUANTUM, RENDER_QUANTUM));
      assert.ok((await playback())[Playback.UNDERRUNS] >= 1);
    });

    test('two channels stay two, enhanced, late or silent', async () => {
      const stereo = await open(2);
      const twice = (start, length) => ramp(start, length).map((sample) => 2 * sample);
      const heard = [[], []];
      const play = (nQuanta, sources = [ramp, twice]) =>
        stereo.audio
          .playChannels(nQuanta, sources)
          .forEach((samples, n) => heard[n].push(...samples));
      for (let i = 0; i < 40; i++) {
        play(1);
        await stereo.work();
      }
      assertSame(heard[0], enhanced(0, heard[0].length));
      assertSame(heard[1], heard[0].map((sample) => 2 * sample));
      play(N_CUSHION_QUANTA + 10);
      const [left, right] = heard.map((samples) => samples.slice(-RENDER_QUANTUM));
      assertSame(left, dry(stereo.audio.position - RENDER_QUANTUM, RENDER_QUANTUM));
      assertSame(right, left.map((sample) => 2 * sample));
      play(40, [() => undefined, () => undefined]);
      assert.ok(heard.every((samples) => samples.at(-1) === 0));
      stereo.end();
    });

    test('what is no sound is taken as silence and counted', async () => {
      const odd = [NaN, Infinity, -Infinity, 1e30];
      audio.play(1, (start, length) => Float32Array.from({ length }, (_, i) => odd[i] ?? 0.5));
      const heard = await playInTime(40);
      assert.ok(heard.every(Number.isFinite));
      assert.equal((await playback())[Playback.INVALID_SAMPLES], odd.length);
    });

    test('a node without a source takes in silence', async () => {
      const heard = [];
      for (let i = 0; i < 60; i++) {
        heard.push(...audio.play(1, () => undefined));
        await pipeline.work();
      }
      assert.ok(heard.every((sample) => sample === 0));
    });

    test('a closed processor asks to be freed', async () => {
      audio.play(1);
      assert.equal(audio.isOpen, true);
      await audio.close();
      audio.play(1);
      assert.equal(audio.isOpen, false);
    });
  });
}

describe('pipeline message', () => {
  test('an engine that breaks is told of, and a new one takes its place', async () => {
    const pipeline = new MessagePipeline();
    await pipeline.startEngine();
    pipeline.audio.play(8);
    await pipeline.work();
    pipeline.step.isBroken = true;
    pipeline.audio.play(8);
    await assert.rejects(pipeline.served, /something broke/);
    pipeline.audio.play(100);
    await pipeline.startEngine();
    for (let i = 0; i < 40; i++) {
      pipeline.audio.play(1);
      await pipeline.work();
    }
    const start = pipeline.audio.position;
    assertSame(pipeline.audio.play(1), enhanced(start, RENDER_QUANTUM));
    const [first] = pipeline.step.hops.keys();
    assert.ok(first > 0 && first % HOP_LENGTH === 0);
    pipeline.end();
  });
});
