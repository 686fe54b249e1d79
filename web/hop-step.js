/** One hop through the engine: controls in, sound through, report out. */

import { Control, HOP_LENGTH, N_HOP_TIMES, Report } from './protocol.js';

const N_COUNTED_HOPS = 2 ** 24; // what a float holds exactly

/**
 * @typedef {object} HopEngine what `Engine` is
 * @property {number} latency
 * @property {Float32Array} hop
 * @property {Float32Array} told
 * @property {() => void} process
 * @property {() => void} reset
 * @property {number} strength
 * @property {number} attenuationLimitDb
 * @property {boolean} bypass
 */

export class HopStep {
  #engine;
  #controls;
  #report;
  #nHops = 0;
  #nextPosition = 0;
  #nHopsWithoutSound = 0;
  #applied = new Float32Array([NaN, NaN, NaN]);

  /** Samples by which `process` delays the signal. */
  latency;

  /**
   * @param {HopEngine} engine
   * @param {import('./protocol.js').Slots} slots
   */
  constructor(engine, { controls, report }) {
    this.#engine = engine;
    this.latency = engine.latency;
    this.#controls = controls;
    this.#report = report;
  }

  /**
   * Replace the hop by the enhanced one; by NaN where the engine, after a gap, has none yet.
   *
   * @param {Float32Array} hop one channel after the other
   * @param {number} position of its first sample since the start, modulo 2**32
   */
  process(hop, position) {
    if (position !== this.#nextPosition) this.#startAfresh();
    this.#nextPosition = (position + HOP_LENGTH) | 0;
    this.#applyControls();
    this.#engine.hop.set(hop);
    const startedMs = performance.now();
    this.#engine.process();
    const tookMs = performance.now() - startedMs;
    hop.set(this.#engine.hop);
    if (this.#nHopsWithoutSound > 0) {
      this.#nHopsWithoutSound--;
      hop.fill(NaN);
    }
    this.#tell(tookMs);
  }

  #startAfresh() {
    this.#engine.reset();
    this.#nHopsWithoutSound = this.latency / HOP_LENGTH;
  }

  /** Calling Python costs microseconds: only what changed is passed on. */
  #applyControls() {
    const [strength, attenuationLimitDb, bypass] = this.#controls;
    if (strength !== this.#applied[Control.STRENGTH]) this.#engine.strength = strength;
    if (attenuationLimitDb !== this.#applied[Control.ATTENUATION_LIMIT_DB]) {
      this.#engine.attenuationLimitDb = attenuationLimitDb;
    }
    if (bypass !== this.#applied[Control.BYPASS]) this.#engine.bypass = bypass === 1;
    this.#applied.set([strength, attenuationLimitDb, bypass]);
  }

  /** @param {number} tookMs */
  #tell(tookMs) {
    const [voiceProbability, snrDb] = this.#engine.told;
    this.#report[Report.VOICE_PROBABILITY] = voiceProbability;
    this.#report[Report.SNR_DB] = snrDb;
    this.#report[Report.HOP_MS + (this.#nHops % N_HOP_TIMES)] = tookMs;
    this.#nHops = (this.#nHops + 1) % N_COUNTED_HOPS;
    this.#report[Report.HOPS] = this.#nHops;
  }
}
