/**
 * The audio thread's part: copies samples to and from the engine. Where the engine has none, the
 * input is heard, equally late.
 */

import { CLOSE, Playback } from './protocol.js';

const MAX_SAMPLE = 1000; // 60 dB above full scale: no sound, and its energy would not stay finite

/**
 * @typedef {object} AudioEnd of a pipeline
 * @property {import('./protocol.js').Format} format
 * @property {import('./ring-buffer.js').RingBuffer} input
 * @property {import('./ring-buffer.js').RingBuffer} output
 * @property {Int32Array} playback
 * @property {() => void} send what has come to the engine
 */

export class Processor extends AudioWorkletProcessor {
  // One channel after the other
  #received = new Float32Array();
  #heard = new Float32Array();
  #dry = new Float32Array();
  #hasBegun = false;
  #nMore = 0; // by so many samples the delay is to grow
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
    const channels = outputs[0];
    const { length } = channels[0];
    if (this.#heard.length !== channels.length * length) this.#fit(channels.length * length);
    if (!this.#hasBegun) this.#begin();
    const { input, output, playback } = this.end;
    this.#receive(inputs[0], length);
    input.push(this.#received);
    this.end.send();

    // With the next quantum there too, this one need not be the last: there is time to fade.
    const isThere = output.has(2 * length);
    output.pull(this.#heard);
    if (this.#nMore > 0 && isThere && this.#isEnhanced) this.#goBack(length);
    if (!isThere) {
      if (this.#isEnhanced) Atomics.add(playback, Playback.UNDERRUNS, 1);
      Atomics.add(playback, Playback.LATE_SAMPLES, length);
    }
    if (!isThere || !this.#isEnhanced) {
      input.recall(this.#dry, this.latency);
      mix(this.#heard, this.#dry, length, this.#isEnhanced, isThere);
    }
    this.#isEnhanced = isThere;
    for (let n = 0; n < channels.length; n++) {
      for (let i = 0; i < length; i++) channels[n][i] = this.#heard[n * length + i];
    }
    Atomics.add(playback, Playback.SAMPLES, length);
    return !this.#isClosed;
  }

  /**
   * As soon as that can be cross-faded.
   *
   * @param {number} nSamples
   */
  delayMore(nSamples) {
    this.#nMore = nSamples;
  }

  /** @param {number} length of a quantum */
  #goBack(length) {
    const { output, playback } = this.end;
    output.discard(-this.#nMore - length);
    if (!output.has(length)) {
      output.discard(this.#nMore + length);
      return;
    }
    this.#dry.set(this.#heard);
    output.pull(this.#heard);
    mix(this.#heard, this.#dry, length, false, true);
    this.latency += this.#nMore;
    Atomics.add(playback, Playback.ADDED_DELAY, this.#nMore);
    this.#nMore = 0;
  }

  /**
   * The browser says how long a quantum is by the first one.
   *
   * @param {number} size of a quantum, all channels
   */
  #fit(size) {
    this.#received = new Float32Array(size);
    this.#heard = new Float32Array(size);
    this.#dry = new Float32Array(size);
  }

  /**
   * Put the engine's blocks where the context's own 10 ms end: a device that asks for so much at a
   * time asks for one block then, and nothing of the next waits for the time after. Of the first
   * block, what was before now is silence.
   */
  #begin() {
    this.#hasBegun = true;
    const { input, output, format } = this.end;
    const nBefore = currentFrame % format.blockLength;
    input.push(new Float32Array(format.channelCount * nBefore));
    output.discard(nBefore);
  }

  /**
   * What is not sound would stay in the engine's state for ever.
   *
   * @param {Float32Array[]} channels none where nothing is connected
   * @param {number} length
   */
  #receive(channels, length) {
    if (channels.length === 0) this.#received.fill(0);
    for (let n = 0; n < channels.length; n++) {
      for (let i = 0; i < length; i++) {
        const sample = channels[n][i];
        const isSound = Math.abs(sample) <= MAX_SAMPLE;
        this.#received[n * length + i] = isSound ? sample : 0;
        if (!isSound) Atomics.add(this.end.playback, Playback.INVALID_SAMPLES, 1);
      }
    }
  }
}

/**
 * Go from one to the other without a click, or stay with the dry one.
 *
 * @param {Float32Array} enhanced gets the mixture; one channel after the other
 * @param {Float32Array} dry
 * @param {number} length of a channel
 * @param {boolean} fromEnhanced
 * @param {boolean} toEnhanced
 */
function mix(enhanced, dry, length, fromEnhanced, toEnhanced) {
  if (!fromEnhanced && !toEnhanced) {
    enhanced.set(dry);
    return;
  }
  for (let i = 0; i < dry.length; i++) {
    const done = ((i % length) + 1) / length;
    const share = toEnhanced ? done : 1 - done;
    enhanced[i] = share * enhanced[i] + (1 - share) * dry[i];
  }
}
