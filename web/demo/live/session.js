/** One run from Start to Stop: a source, the denoiser, loudspeaker, and taps between them. */

import { Denoiser } from '../../percepnet.js';
import { CONTEXT_OPTIONS, SAMPLE_RATE } from '../../protocol.js';
import { openExample } from './example.js';
import { openMicrophone } from './microphone.js';
import { FFT_SIZE } from './sound.js';
import { createTap } from './tap.js';

const ANALYSIS = { fftSize: FFT_SIZE, smoothingTimeConstant: 0 };

/**
 * @typedef {object} SessionOptions
 * @property {boolean} example in place of the microphone
 * @property {string} microphoneId empty for the system's choice
 * @property {boolean} recording from the very first sample
 * @property {string} model name of the network
 * @property {Controls} controls
 * @property {(stage: import('../../protocol.js').StartStage) => void} onStage
 * @property {() => void} onunplugged the microphone has disappeared
 */

/**
 * @typedef {object} Controls
 * @property {boolean} bypass
 * @property {number} strength
 * @property {number} attenuationLimitDb
 */

export class Session {
  #source;
  #delay;
  #monitor;
  #onunplugged;
  #isClosed = false;

  /**
   * @param {AudioContext} context suspended
   * @param {import('./microphone.js').Source} source
   * @param {Denoiser} denoiser
   * @param {import('./tap.js').Tap} tap
   * @param {() => void} onunplugged
   */
  constructor(context, source, denoiser, tap, onunplugged) {
    this.context = context;
    this.denoiser = denoiser;
    this.tap = tap;
    this.#source = source;
    this.#onunplugged = onunplugged;
    this.before = new AnalyserNode(context, ANALYSIS);
    this.after = new AnalyserNode(context, ANALYSIS);
    this.#monitor = new GainNode(context, { gain: 0 });

    this.#delay = new DelayNode(context);
    this.keepInStep();
    this.#delay.connect(this.before);
    denoiser.node.connect(this.after);
    denoiser.node.connect(tap.node, 0, 1);
    denoiser.node.connect(this.#monitor).connect(context.destination);
    tap.node.connect(context.destination); // silent; connected nodes are certain to run
  }

  /**
   * Resolves with everything wired but the source, which `run` lets in.
   *
   * @param {SessionOptions} options
   * @returns {Promise<Session>}
   * @throws {Error} in words for the visitor
   */
  static async open(options) {
    const { example, microphoneId, recording, model, controls, onStage, onunplugged } = options;
    const context = new AudioContext(CONTEXT_OPTIONS);
    await context.suspend();
    const denoiser = Denoiser.create({ audioContext: context, model, ...controls, onStage });
    const source = example
      ? openExample(context)
      : openMicrophone(context, microphoneId, onunplugged);
    try {
      const tap = createTap(context, recording);
      const parts = await Promise.all([source, denoiser, tap]);
      return new Session(context, ...parts, onunplugged);
    } catch (error) {
      // One may be refused while the other is still on its way.
      source.then((late) => late.close(), () => {});
      denoiser.then((late) => late.close(), () => {});
      await context.close();
      throw error;
    }
  }

  /** Samples by which what comes out is late; it may grow once, just after the start. */
  get latency() {
    return Math.round((this.denoiser.stats.latencyMs / 1000) * SAMPLE_RATE);
  }

  /** What is seen before and after is of the same moment, if this is called now and then. */
  keepInStep() {
    const { delayTime } = this.#delay;
    const delayS = Math.fround(this.latency / SAMPLE_RATE); // as the node keeps it
    if (delayTime.value !== delayS) delayTime.value = delayS;
  }

  /** When what records hears the sound from its first sample on, the sound begins. */
  async run() {
    await Promise.all([this.context.resume(), this.tap.whenRunning]);
    this.#connect();
  }

  /** @param {boolean} on */
  set listening(on) {
    const { gain } = this.#monitor;
    gain.setTargetAtTime(on ? 1 : 0, this.context.currentTime, 0.02); // without a click
  }

  /**
   * Go on with another microphone.
   *
   * @param {string} deviceId
   * @throws {Error} in words for the visitor; the one in use stays
   */
  async useMicrophone(deviceId) {
    const source = await openMicrophone(this.context, deviceId, this.#onunplugged);
    if (this.#isClosed) return source.close(); // the visitor has pressed Stop before Allow
    this.#source.node.disconnect();
    this.#source.close();
    this.#source = source;
    this.#connect();
  }

  async close() {
    this.#isClosed = true;
    this.#source.close();
    this.tap.close();
    await this.denoiser.close();
    await this.context.close();
  }

  #connect() {
    const { node } = this.#source;
    node.connect(this.#delay);
    node.connect(this.denoiser.node);
    node.connect(this.tap.node, 0, 0);
  }
}
