import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openMicrophone, openUnlessUnplugged } from '../../web/demo/live/microphone.js';
import { Session } from '../../web/demo/live/session.js';
import { FakeNode, provide } from './fake-browser.mjs';

class FakeDelay extends FakeNode {
  delayTime = { value: 0 };
}

class FakeTrack {
  isOn = true;

  stop() {
    this.isOn = false;
  }
}

/** The visitor allows one, as soon as it is asked for. */
function allowMicrophone(t, MediaStreamAudioSourceNode = FakeNode) {
  const track = new FakeTrack();
  provide(t, {
    navigator: {
      mediaDevices: { getUserMedia: async () => ({ getTracks: () => [track] }) },
    },
    AnalyserNode: FakeNode,
    DelayNode: FakeDelay,
    GainNode: FakeNode,
    MediaStreamAudioSourceNode,
  });
  return track;
}

function openSession(sound = new FakeNode(), whenRunning = Promise.resolve()) {
  const context = { destination: new FakeNode(), async resume() {}, async close() {} };
  const source = { node: sound, close() {} };
  const denoiser = { node: new FakeNode(), stats: { latencyMs: 64 }, async close() {} };
  const tap = { node: new FakeNode(), whenRunning, close() {} };
  return new Session(context, source, denoiser, tap, () => {});
}

test('a microphone that cannot be heard is switched off', async (t) => {
  const microphone = allowMicrophone(t, function () {
    throw new DOMException('another sample rate', 'NotSupportedError');
  });
  await assert.rejects(openMicrophone({}, '', () => {}), /cannot be opened: another sample rate/);
  assert.equal(microphone.isOn, false);
});

test('a microphone that is allowed after Stop is switched off', async (t) => {
  const microphone = allowMicrophone(t);
  const session = openSession();
  const changed = session.useMicrophone('another');
  await session.close();
  await changed;
  assert.equal(microphone.isOn, false);
});

test('a microphone unplugged while the engine loads is told, and no session stays', async () => {
  const late = { isClosed: false, close: async () => (late.isClosed = true) };
  let unplug, load;
  const open = (onunplugged) => {
    unplug = onunplugged;
    return new Promise((resolve) => (load = () => resolve(late)));
  };
  const opened = openUnlessUnplugged(open, () => assert.fail('there is no session to stop'));
  unplug();
  await assert.rejects(opened, /The microphone is gone/);
  load();
  await new Promise(setImmediate);
  assert.equal(late.isClosed, true);
});

test('a microphone unplugged from an open session stops it', async () => {
  let unplug;
  let isStopped = false;
  const session = {};
  const open = async (onunplugged) => {
    unplug = onunplugged;
    return session;
  };
  assert.equal(await openUnlessUnplugged(open, () => (isStopped = true)), session);
  assert.equal(isStopped, false);
  unplug();
  assert.equal(isStopped, true);
});

test('another microphone takes the place of the one before', async (t) => {
  const microphone = allowMicrophone(t);
  const session = openSession();
  await session.useMicrophone('another');
  assert.equal(microphone.isOn, true);
  await session.close();
  assert.equal(microphone.isOn, false);
});

test('the sound begins when what records it has', async (t) => {
  allowMicrophone(t);
  const sound = new FakeNode();
  let beginTap;
  const running = openSession(sound, new Promise((resolve) => (beginTap = resolve))).run();
  await new Promise(setImmediate);
  assert.equal(sound.targets.size, 0);
  beginTap();
  await running;
  assert.equal(sound.targets.size, 3);
});

test('before and after stay of the same moment where the delay grows', async (t) => {
  allowMicrophone(t);
  const sound = new FakeNode();
  const session = openSession(sound);
  await session.run();
  const { delayTime } = [...sound.targets].find((node) => node instanceof FakeDelay);
  assert.equal(delayTime.value, Math.fround(0.064));
  session.denoiser.stats = { latencyMs: 80 };
  session.keepInStep();
  assert.equal(delayTime.value, Math.fround(0.08));
});
