/**
 * Watches the engine from the main thread. The audio thread keeps the sound going by itself; here
 * is decided what the app is told and when a new engine is started.
 */

import { Playback, Report } from './protocol.js';

// Times in seconds of audio

/** Unprocessed for longer than this counts as degraded. */
const DEGRADED_AFTER = 0.05;
const RECOVERED_AFTER = 0.3;

/** An engine without a hop for so much audio is dead or hangs. */
const STOPPED_AFTER = 2;

/** After so much audio without trouble, an engine has the same patience as the first. */
const TRUSTED_AFTER = 30;

/** Mostly unprocessed for so much audio, by an engine that works: it needs a smaller model. */
const TOO_SLOW_AFTER = 5;

/** How long to wait before each new engine; after the last one there is no more. */
const RESTART_DELAYS_MS = [0, 1000, 4000];

/** @typedef {'late' | 'slow' | 'stopped' | 'failed'} Reason */

/**
 * @typedef {object} Actions
 * @property {((delayMs: number) => Promise<void>) | undefined} restart start a new engine in place
 *   of the old, where that can be done
 * @property {() => void} stepDown take a smaller model, if there is one
 * @property {(reason: Reason, message: string) => void} degraded
 * @property {() => void} recovered
 * @property {(error: Error) => void} giveUp
 */

export class Supervisor {
  #actions;
  #slots;
  #sampleRate;
  #samples = 0;
  #lateSamples = 0;
  #nHops = 0;

  #isDegraded = false;
  #isRestarting = false;
  #hasGivenUp = false;
  #nRestarts = 0;

  // In seconds of audio: it stands still where time does not, in a suspended context.
  #dry = 0;
  #enhanced = 0;
  #mostlyDry = 0;
  #withoutHop = 0;

  /**
   * @param {import('./protocol.js').Slots} slots
   * @param {number} sampleRate
   * @param {Actions} actions
   */
  constructor(slots, sampleRate, actions) {
    this.#slots = slots;
    this.#sampleRate = sampleRate;
    this.#actions = actions;
  }

  /** Look at the slots; to be called every tenth of a second or so. */
  observe() {
    const { playback, report } = this.#slots;
    const nPlayed = this.#advance(Atomics.load(playback, Playback.SAMPLES));
    const nLate = this.#advanceLate(Atomics.load(playback, Playback.LATE_SAMPLES));
    const hasHop = report[Report.HOPS] !== this.#nHops;
    this.#nHops = report[Report.HOPS];
    if (this.#hasGivenUp || nPlayed === 0) return;

    this.#dry = nLate > 0 ? this.#dry + nLate : 0;
    this.#enhanced = nLate > 0 ? 0 : this.#enhanced + nPlayed;
    this.#mostlyDry = nLate > nPlayed / 2 && !this.#isRestarting ? this.#mostlyDry + nPlayed : 0;
    this.#withoutHop = hasHop || this.#isRestarting ? 0 : this.#withoutHop + nPlayed;

    if (this.#dry > DEGRADED_AFTER) this.#degrade('late', 'the engine does not keep up');
    if (this.#enhanced > RECOVERED_AFTER) this.#recover();
    if (this.#mostlyDry > TOO_SLOW_AFTER) {
      this.#mostlyDry = 0;
      this.#actions.stepDown();
    }
    if (this.#enhanced > TRUSTED_AFTER) this.#nRestarts = 0;
    if (this.#withoutHop > STOPPED_AFTER) {
      this.#withoutHop = 0;
      this.#replace('stopped', new Error('the engine has stopped without a word'));
    }
  }

  /**
   * The engine has ended with an error.
   *
   * @param {Error} error
   */
  engineFailed(error) {
    if (!this.#hasGivenUp) this.#replace('failed', error);
  }

  /**
   * @param {Reason} reason
   * @param {Error} error
   * @returns {Promise<void>}
   */
  async #replace(reason, error) {
    const { restart } = this.#actions;
    this.#degrade(reason, error.message);
    if (!restart || this.#nRestarts === RESTART_DELAYS_MS.length) {
      this.#hasGivenUp = true;
      this.#actions.giveUp(error);
      return;
    }
    this.#isRestarting = true;
    try {
      await restart(RESTART_DELAYS_MS[this.#nRestarts++]);
    } catch (cause) {
      return this.#replace('failed', /** @type {Error} */ (cause));
    }
    this.#isRestarting = false;
  }

  /**
   * @param {Reason} reason
   * @param {string} message
   */
  #degrade(reason, message) {
    if (this.#isDegraded && reason === 'late') return; // the sound is as before
    this.#isDegraded = true;
    this.#enhanced = 0;
    this.#actions.degraded(reason, message);
  }

  #recover() {
    if (!this.#isDegraded || this.#isRestarting) return;
    this.#isDegraded = false;
    this.#actions.recovered();
  }

  /** @param {number} samples */
  #advance(samples) {
    const n = (samples - this.#samples) | 0;
    this.#samples = samples;
    return n / this.#sampleRate;
  }

  /** @param {number} lateSamples */
  #advanceLate(lateSamples) {
    const n = (lateSamples - this.#lateSamples) | 0;
    this.#lateSamples = lateSamples;
    return n / this.#sampleRate;
  }
}
