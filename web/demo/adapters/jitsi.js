/** Our effect on a track that treats it as lib-jitsi-meet's local tracks do. */

import { PercepNetEffect } from '../../adapters/jitsi.js';
import { offer } from './controls.js';

/** In the place of a JitsiLocalTrack. */
class LocalTrack {
  /** @type {PercepNetEffect | undefined} */
  #effect;
  #original;

  /** @param {MediaStream} stream */
  constructor(stream) {
    this.stream = this.#original = stream;
  }

  isAudioTrack() {
    return true;
  }

  /** @param {PercepNetEffect} [effect] none takes the last one away */
  async setEffect(effect) {
    if (effect && !effect.isEnabled(this)) throw new Error('Incompatible effect instance!');
    this.#effect?.stopEffect();
    this.#effect = effect;
    this.stream = effect?.startEffect(this.#original) ?? this.#original;
  }
}

offer(async () => {
  const audio = { noiseSuppression: false, autoGainControl: false };
  const microphone = await navigator.mediaDevices.getUserMedia({ audio });
  const track = new LocalTrack(microphone);
  const effect = await PercepNetEffect.create();
  await track.setEffect(effect);
  return {
    sent: track.stream.getAudioTracks()[0],
    async end() {
      await track.setEffect();
      await effect.close();
      microphone.getTracks().forEach((one) => one.stop());
    },
  };
});
