import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Player } from '../../web/demo/player.js';
import { FakeElement, provide } from './fake-browser.mjs';

class FakeAudio extends EventTarget {
  paused = true;
  currentTime = 0;
}

test('a player that is moved while it plays shows its place once a frame', (t) => {
  const audio = new FakeAudio();
  const frames = new Map();
  let nFrames = 0;
  provide(t, {
    window: new EventTarget(),
    Audio: function () {
      return audio;
    },
    requestAnimationFrame: (show) => {
      frames.set(++nFrames, show);
      return nFrames;
    },
    cancelAnimationFrame: (number) => frames.delete(number),
  });
  const host = new FakeElement();
  new Player(host);
  const tell = (type) => audio.dispatchEvent(new Event(type));
  const showFrame = () => {
    const due = [...frames.values()];
    frames.clear();
    for (const show of due) show();
  };

  audio.paused = false;
  tell('play');
  for (audio.currentTime = 1; audio.currentTime <= 3; audio.currentTime++) {
    tell('seeked');
    showFrame();
    assert.equal(frames.size, 1);
    assert.equal(host.querySelector('.seek').value, String(audio.currentTime));
  }
  audio.paused = true;
  tell('pause');
  showFrame();
  assert.equal(frames.size, 0);
});
