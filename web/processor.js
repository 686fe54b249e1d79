/**
 * The audio thread's part: copies samples to and from the engine. Where the engine has none, the
 * input is heard, equally late.
 */

import { CLOSE, Playback } from './protocol.js';

const MAX_SAMPLE = 1000; // 60 dB above full scale: no sound, and its energy would not stay finite

/**
 * @typedef {object} AudioEnd of a pipeline
 * @property {import('./ring-buffer.js').RingBuffer} input
 * @property {import('./ring-buffer.js').RingBuffer} output
 * @property {Int32Array} playback
 * @property {() => void} send what has come to the engine
 */

export class Processor extends AudioWorkletProcessor {
  #received = new Float32Array();
  #dry = new Float32Array();
  #isEnhanced = true; // at the end of the quantum before
  #isClosed = false;

  /** @type {AudioEnd} */
  end;

  /** Samples by which the node delays the signal. */
  latency = 0;

  /** @param {(port: MessagePort) => AudioEnd} openEnd */
  constructor(openEnd) {
    super();
    this.end = openEnd(this.port);
    this.port.addEventListener('message', ({ data }) => {
      if (data === CLOSE) this.#isClosed = true;
    });
    this.port.start();
  }

  /**
   * @param {Float32Array[][]} inputs
   * @param {Float32Array[][]} outputs
   */
  process(inputs, outputs) {
    const target = outputs[0][0];
    if (this.#received.length !== target.length) this.#fit(target.length);
    const { input, output, playback } = this.end;
    this.#receive(inputs[0][0]);
    input.push(this.#received);
    this.end.send();

    // With the next quantum there too, this one need not be the last: there is time to fade.
    const isThere = output.has(2 * target.length);
    output.pull(target);
    if (!isThere) {
      if (this.#isEnhanced) Atomics.add(playback, Playback.UNDERRUNS, 1);
      Atomics.add(playback, Playback.LATE_SAMPLES, target.length);
    }
    if (!isThere || !this.#isEnhanced) {
      input.recall(this.#dry, this.latency);
      mix(target, this.#dry, this.#isEnhanced, isThere);
    }
    this.#isEnhanced = isThere;
    Atomics.add(playback, Playback.SAMPLES, target.length);
    return !this.#isClosed;
  }

  /**
   * The browser says how long a quantum is by the first one.
   *
   * @param {number} length
   */
  #fit(length) {
    this.#received = new Float32Array(length);
    this.#dry = new Float32Array(length);
  }

  /**
   * What is not sound would stay in the engine's state for ever.
   *
   * @param {Float32Array | undefined} quantum none where nothing is connected
   */
  #receive(quantum) {
    if (!quantum) {
      this.#received.fill(0);
      return;
    }
    for (let i = 0; i < quantum.length; i++) {
      const isSound = Math.abs(quantum[i]) <= MAX_SAMPLE;
      this.#received[i] = isSound ? quantum[i] : 0;
      if (!isSound) Atomics.add(this.end.playback, Playback.INVALID_SAMPLES, 1);
    }
  }
}

/**
 * Go from one to the other without a click, or stay with the dry one.
 *
 * @param {Float32Array} enhanced gets the mixture
 * @param {Float32Array} dry
 * @param {boolean} fromEnhanced
 * @param {boolean} toEnhanced
 */
function mix(enhanced, dry, fromEnhanced, toEnhanced) {
  if (!fromEnhanced && !toEnhanced) {
    enhanced.set(dry);
    return;
  }
  for (let i = 0; i < dry.length; i++) {
    const done = (i + 1) / dry.length;
    const share = toEnhanced ? done : 1 - done;
    enhanced[i] = share * enhanced[i] + (1 - share) * dry[i];
  }
}
