/** Panel "Mix your own": whose voice, which noise, how loud. */

import { fetchFile } from '../../fetch-file.js';
import { SAMPLE_RATE } from '../../protocol.js';
import { decode } from '../decode.js';

const SOUNDS_URL = new URL('./sounds/', import.meta.url);
const MAX_SAMPLES = 5 * SAMPLE_RATE; // 32 bits address the overlapping frames of 5.5 s
const MIN_SAMPLES = SAMPLE_RATE;

export class Material {
  #noise = /** @type {HTMLSelectElement} */ (element('noise'));
  #snr = /** @type {HTMLInputElement} */ (element('snr'));
  #voiceName = element('voice-name');
  #example = /** @type {HTMLButtonElement} */ (element('example'));
  #onchange;
  #onproblem;

  /** Decoded files, by address. @type {Map<string, Promise<Float32Array>>} */
  #known = new Map();
  /** @type {Float32Array | undefined} */
  #ownVoice;

  /**
   * @param {object} listeners
   * @param {(isOtherVoice: boolean) => void} listeners.onchange
   * @param {(message: string) => void} listeners.onproblem in words for the visitor
   */
  constructor({ onchange, onproblem }) {
    this.#onchange = onchange;
    this.#onproblem = onproblem;
    const chooser = /** @type {HTMLInputElement} */ (element('voice'));
    chooser.addEventListener('change', () => {
      if (chooser.files?.[0]) this.#useFile(chooser.files[0]);
      chooser.value = ''; // the same file can be chosen again
    });
    document.addEventListener('dragover', (event) => event.preventDefault());
    document.addEventListener('drop', (event) => {
      event.preventDefault();
      const [file] = event.dataTransfer?.files ?? [];
      if (file) this.#useFile(file);
    });
    this.#example.addEventListener('click', () => this.#useExample());
    this.#noise.addEventListener('change', () => onchange(false));
    this.#snr.addEventListener('input', () => this.#showSnr());
    this.#snr.addEventListener('change', () => onchange(false));
    this.#showSnr();
  }

  /**
   * @returns {Promise<import('./protocol.js').Material>}
   * @throws {Error} in words for the visitor
   */
  async load() {
    const voice = this.#ownVoice ?? this.#fetch('voice');
    const [clean, noise] = await Promise.all([voice, this.#fetch(this.#noise.value)]);
    return { clean, noise, snrDb: this.#snr.valueAsNumber };
  }

  /** @param {File} file */
  async #useFile(file) {
    try {
      const voice = toMono(await decode(file));
      if (voice.length < MIN_SAMPLES) {
        throw new Error('This recording is shorter than a second: take one with a sentence in it.');
      }
      this.#ownVoice = voice;
    } catch (error) {
      this.#onproblem(/** @type {Error} */ (error).message);
      return;
    }
    this.#voiceName.textContent = file.name;
    this.#example.hidden = false;
    this.#onchange(true);
  }

  #useExample() {
    this.#ownVoice = undefined;
    this.#voiceName.textContent = 'the example';
    this.#example.hidden = true;
    this.#onchange(true);
  }

  /** @param {string} name */
  #fetch(name) {
    const { href } = new URL(`${name}.mp3`, SOUNDS_URL);
    const known = this.#known.get(href) ?? fetchSound(href);
    this.#known.set(href, known);
    known.catch(() => this.#known.delete(href)); // the next time it is tried again
    return known;
  }

  #showSnr() {
    const { valueAsNumber, min, max, style } = this.#snr;
    const text = `${valueAsNumber} dB`.replace('-', '−');
    this.#snr.ariaValueText = text;
    /** @type {HTMLOutputElement} */ (element('snr-value')).value = text;
    const share = (valueAsNumber - Number(min)) / (Number(max) - Number(min));
    style.setProperty('--share', String(share));
  }
}

/** @param {string} href */
async function fetchSound(href) {
  const response = await fetchFile(href);
  return toMono(await decode(new File([await response.blob()], href)));
}

/** @param {AudioBuffer} buffer @returns {Float32Array} what is used of it */
function toMono(buffer) {
  const mono = new Float32Array(Math.min(buffer.length, MAX_SAMPLES));
  for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
    const samples = buffer.getChannelData(channel);
    for (let i = 0; i < mono.length; i++) mono[i] += samples[i] / buffer.numberOfChannels;
  }
  return mono;
}

/** @param {string} id */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}
