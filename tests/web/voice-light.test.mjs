import assert from 'node:assert/strict';
import { test } from 'node:test';

import { VoiceLight } from '../../web/demo/live/voice-light.js';
import { CUSHION, HOP_LENGTH, SAMPLE_RATE } from '../../web/protocol.js';
import { FakeElement, provide } from './fake-browser.mjs';

const ENGINE_LATENCY = 1440; // the method's 30 ms

for (const nMore of [0, 2400]) {
  test(`the light comes on with the sound, with a cushion of ${CUSHION + nMore}`, (t) => {
    const element = new FakeElement();
    provide(t, { document: { getElementById: () => element } });
    const light = new VoiceLight();
    const latencySamples = CUSHION + nMore + ENGINE_LATENCY;
    const update = (voiceProbability, currentTime) =>
      light.update({ voiceProbability, latencySamples }, { currentTime, outputLatency: 0.02 });

    const heardS = (CUSHION + nMore - HOP_LENGTH) / SAMPLE_RATE + 0.02;
    update(0, 0);
    update(1, 1);
    update(0, 1 + heardS - 0.001);
    assert.equal(element.textContent, 'quiet');
    update(0, 1 + heardS + 0.001);
    assert.equal(element.textContent, 'speaking');
  });
}
