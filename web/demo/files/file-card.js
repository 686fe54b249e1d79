/** One file: how far it is, what went wrong, what came out. */

import { SAMPLE_RATE } from '../../protocol.js';
import { Overview } from '../picture/overview.js';
import { minutes, Player } from '../player.js';
import { WavFormat } from '../wav.js';
import { enhance } from './enhance.js';
import { openSource } from './source.js';
import { WavFile } from './wav-file.js';

const MARKUP = `
  <div class="title-line">
    <h2></h2>
    <p class="facts"></p>
  </div>
  <div class="work">
    <progress max="1" aria-label="Progress"></progress>
    <p class="state" role="status">Waiting …</p>
    <button type="button" class="cancel">Cancel</button>
  </div>
  <p class="problem" role="alert" hidden></p>
  <div class="result" hidden></div>
  <p class="downloads" hidden><a></a></p>
`;

/** @typedef {{ strength: number, attenuationLimitDb: number, model: string }} Settings */

export class FileCard {
  #name;
  #getFile;
  #abort = new AbortController();
  #startedMs = 0;

  /**
   * @param {string} name of the file
   * @param {() => Promise<File>} getFile
   */
  constructor(name, getFile) {
    this.#name = name;
    this.#getFile = getFile;
    this.element = document.createElement('li');
    this.element.className = 'panel file';
    this.element.innerHTML = MARKUP;
    this.#part('h2').textContent = name;
    this.#part('.cancel').addEventListener('click', () => this.#cancel());
  }

  /**
   * Resolves when it is done, cancelled or has failed; the card says which.
   *
   * @param {import('./channel-engine.js').EnginePool} pool
   * @param {Settings} settings
   */
  async run(pool, settings) {
    if (this.#abort.signal.aborted) return;
    try {
      this.#say('Reading …');
      const noisy = await openSource(await this.#getFile());
      this.#abort.signal.throwIfAborted();
      await this.#enhance(noisy, pool, settings);
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      pool.close(); // whatever state its engines are in
      this.#fail(/** @type {Error} */ (error).message);
    }
  }

  /**
   * @param {import('./source.js').Source} noisy
   * @param {import('./channel-engine.js').EnginePool} pool
   * @param {Settings} settings
   */
  async #enhance(noisy, pool, settings) {
    const { length, nChannels } = noisy;
    const duration = length / SAMPLE_RATE;
    this.#part('.facts').textContent = `${minutes(duration)}, ${channelsInWords(nChannels)}`;
    const format = new WavFormat(SAMPLE_RATE, nChannels);
    if (!format.fits(length)) {
      throw new Error('The result would be over 4 GB, too large for a WAV file: cut it in two.');
    }
    this.#say('Loading Python …');
    const engines = await pool.take(nChannels, settings.model);
    this.#abort.signal.throwIfAborted();

    this.#part('.result').hidden = false;
    const player = new Player(this.#part('.result'));
    const nHeard = Math.min(nChannels, 2);
    const result = await WavFile.create(format, length);
    const pair = await WavFile.create(new WavFormat(SAMPLE_RATE, 2 * nHeard, 16), length);
    this.#startedMs = performance.now();
    try {
      const overviews = [0, 1].map(() => new Overview(length, SAMPLE_RATE));
      let nDone = 0;
      for await (const { before, after } of enhance(noisy, engines, settings, this.#abort.signal)) {
        [before, after].forEach((channels, side) => {
          for (const { column, rowsDb } of overviews[side].push(mean(channels))) {
            player.draw(side, column, rowsDb);
          }
        });
        await result.push(after);
        await pair.push([before, after].flatMap((channels) => heard(channels, nHeard)));
        nDone += after[0].length;
        this.#showProgress(nDone / length, duration);
      }
    } catch (error) {
      await Promise.all([result.discard(), pair.discard()]);
      throw error;
    }
    this.#finish(await result.finish(), duration);
    player.load(await pair.finish(), duration, nHeard);
  }

  /**
   * @param {number} share
   * @param {number} durationS
   */
  #showProgress(share, durationS) {
    const tookS = (performance.now() - this.#startedMs) / 1000;
    const progress = /** @type {HTMLProgressElement} */ (this.#part('progress'));
    progress.value = share;
    const speed = (share * durationS) / tookS;
    this.#say(`${time((tookS * (1 - share)) / share)} left, ${times(speed)} real time`);
  }

  /**
   * @param {Blob} wav
   * @param {number} durationS
   */
  #finish(wav, durationS) {
    const tookS = (performance.now() - this.#startedMs) / 1000;
    this.#part('.work').hidden = true;
    this.#part('.facts').textContent += `, done in ${time(tookS)} (${times(durationS / tookS)} real time)`;
    const link = /** @type {HTMLAnchorElement} */ (this.#part('.downloads a'));
    link.href = URL.createObjectURL(wav);
    link.download = `${this.#name.replace(/\.[^.]*$/, '')}-denoised.wav`;
    link.textContent = `Download ${link.download} (${(wav.size / 1e6).toFixed(1)} MB)`;
    this.#part('.downloads').hidden = false;
  }

  #cancel() {
    this.#abort.abort(new DOMException('cancelled', 'AbortError'));
    this.#part('.work').hidden = true;
    this.#part('.result').hidden = true;
    this.#part('.facts').textContent = 'Cancelled';
  }

  /** @param {string} message */
  #fail(message) {
    this.#part('.work').hidden = true;
    this.#part('.result').hidden = true;
    this.#part('.problem').textContent = message;
    this.#part('.problem').hidden = false;
  }

  /** @param {string} words */
  #say(words) {
    this.#part('.state').textContent = words;
  }

  /**
   * @param {string} selector
   * @returns {HTMLElement}
   */
  #part(selector) {
    return /** @type {HTMLElement} */ (this.element.querySelector(selector));
  }
}

/** Of more than two, all from the middle. @param {Float32Array[]} channels @param {number} nHeard */
function heard(channels, nHeard) {
  return channels.length > nHeard ? Array(nHeard).fill(mean(channels)) : channels;
}

/** @param {Float32Array[]} channels @returns {Float32Array} */
function mean(channels) {
  if (channels.length === 1) return channels[0];
  return channels[0].map((_, i) => channels.reduce((sum, x) => sum + x[i], 0) / channels.length);
}

/** @param {number} nChannels */
function channelsInWords(nChannels) {
  return ['mono', 'stereo'][nChannels - 1] ?? `${nChannels} channels`;
}

/** @param {number} seconds */
function time(seconds) {
  return seconds < 60 ? `${Math.ceil(seconds)} s` : `${minutes(seconds)} min`;
}

/** @param {number} factor */
function times(factor) {
  return `${factor.toFixed(factor < 10 ? 1 : 0)} ×`;
}
