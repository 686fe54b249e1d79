/** Whether sound arrives: a source that has ended leaves its last sample standing. */

import { FFT_SIZE } from './sound.js';

const MAX_STILL_FRAMES = 30; // of the screen, with the very same sample in each

export class Flow {
  #samples = new Float32Array(FFT_SIZE);
  #lastSample = 0;
  #timeS = 0;
  #nStill = 0;

  /**
   * Call once per animation frame.
   *
   * @param {AnalyserNode} analyser
   */
  update(analyser) {
    analyser.getFloatTimeDomainData(this.#samples);
    const { currentTime } = analyser.context;
    const lastSample = this.#samples[FFT_SIZE - 1];
    if (lastSample !== this.#lastSample || lastSample === 0) this.#nStill = 0;
    else if (currentTime > this.#timeS) this.#nStill++; // it is not the clock
    this.#lastSample = lastSample;
    this.#timeS = currentTime;
  }

  /** Whether there is new sound since the frame before. */
  get isFresh() {
    return this.#nStill === 0;
  }

  get isFlowing() {
    return this.#nStill < MAX_STILL_FRAMES;
  }
}
