/** The one axis of time: what plays, where, and which of the sounds is heard. */

import { SAMPLE_RATE } from '../../protocol.js';
import { Every } from '../every.js';
import { field } from '../field.js';
import { SOUNDS } from './protocol.js';

const FRAME_S = 0.01;
const FADE_S = 0.01;
const BAR_EVERY_MS = 50; // the pictures move in every frame, and are looked at

export class Timeline {
  #bar = element('timeline');
  #play = /** @type {HTMLButtonElement} */ (element('play'));
  #seek = /** @type {HTMLInputElement} */ (element('seek'));
  #action = field('play');
  #time = field('time');
  #choices = /** @type {NodeListOf<HTMLInputElement>} */ (
    document.querySelectorAll('input[name=sound]')
  );
  #onmove;

  /** @type {AudioContext | undefined} */
  #context;
  /** @type {AudioBuffer | undefined} */
  #buffer;
  /** @type {AudioBufferSourceNode | undefined} */
  #source;
  /** @type {GainNode[]} */
  #gains = [];
  #startedS = 0;
  #forBar = new Every(BAR_EVERY_MS);

  /** Seconds. */
  place = 0;

  /** @param {() => void} onmove the place or the sound is another */
  constructor(onmove) {
    this.#onmove = onmove;
    this.#play.addEventListener('click', () => this.toggle());
    this.#seek.addEventListener('input', () => this.moveTo(this.#seek.valueAsNumber * FRAME_S));
    for (const choice of this.#choices) choice.addEventListener('change', () => this.#apply());
    document.addEventListener('keydown', (event) => this.#onKey(event));
  }

  /** The last one lasts until the sound begins again. */
  get frame() {
    return Math.min(Math.round(this.place / FRAME_S), Number(this.#seek.max));
  }

  get durationS() {
    return this.#buffer?.duration ?? 0;
  }

  get isPlaying() {
    return this.#source !== undefined;
  }

  /** @returns {import('./protocol.js').Sound} */
  get sound() {
    return SOUNDS[this.#chosen];
  }

  set sound(sound) {
    this.#choices[SOUNDS.indexOf(sound)].checked = true;
    this.#apply();
  }

  get #chosen() {
    return [...this.#choices].findIndex(({ checked }) => checked);
  }

  /**
   * @param {import('./protocol.js').Result['sounds']} sounds
   * @param {boolean} anew from the beginning
   */
  load(sounds, anew) {
    const { length } = sounds.clean;
    this.#buffer = new AudioBuffer({
      length,
      numberOfChannels: SOUNDS.length,
      sampleRate: SAMPLE_RATE,
    });
    SOUNDS.forEach((name, channel) => this.#buffer?.copyToChannel(sounds[name], channel));
    this.#seek.max = String(Math.floor(length / SAMPLE_RATE / FRAME_S) - 1);
    this.#bar.inert = false;
    this.moveTo(anew ? 0 : this.place);
  }

  /** @param {number} seconds */
  moveTo(seconds) {
    this.place = Math.min(Math.max(seconds, 0), Number(this.#seek.max) * FRAME_S);
    if (this.#source) this.#start();
    this.#show();
  }

  async toggle() {
    if (this.#source) {
      this.#stop();
      this.#show();
      return;
    }
    this.#context ??= this.#makeContext();
    await this.#context.resume();
    this.#start();
    this.#follow();
  }

  #makeContext() {
    const context = new AudioContext({ sampleRate: SAMPLE_RATE });
    this.#gains = SOUNDS.map((_, sound) => {
      const gain = new GainNode(context, { gain: sound === this.#chosen ? 1 : 0 });
      gain.connect(context.destination);
      return gain;
    });
    return context;
  }

  #start() {
    const context = /** @type {AudioContext} */ (this.#context);
    this.#stop();
    const source = new AudioBufferSourceNode(context, { buffer: this.#buffer, loop: true });
    const splitter = new ChannelSplitterNode(context, { numberOfOutputs: SOUNDS.length });
    source.connect(splitter);
    this.#gains.forEach((gain, sound) => splitter.connect(gain, sound));
    source.start(0, this.place);
    this.#startedS = context.currentTime - this.place;
    this.#source = source;
  }

  #stop() {
    this.#source?.stop();
    this.#source = undefined;
  }

  #follow() {
    if (!this.#source || !this.#context) return;
    this.place = (this.#context.currentTime - this.#startedS) % this.durationS;
    if (this.#forBar.isDue(performance.now())) this.#showBar();
    this.#onmove();
    requestAnimationFrame(() => this.#follow());
  }

  #apply() {
    const now = this.#context?.currentTime ?? 0;
    this.#gains.forEach(({ gain }, sound) => {
      gain.setTargetAtTime(sound === this.#chosen ? 1 : 0, now, FADE_S);
    });
    this.#onmove();
  }

  #show() {
    this.#showBar();
    this.#onmove();
  }

  #showBar() {
    this.#action.show(this.#source ? 'Pause' : 'Play');
    this.#seek.valueAsNumber = this.frame;
    const share = this.frame / Number(this.#seek.max);
    this.#seek.style.setProperty('--share', String(share));
    const seconds = `${this.place.toFixed(2)} s`;
    this.#seek.ariaValueText = seconds;
    this.#time.show(`${this.place.toFixed(1)} of ${this.durationS.toFixed(1)} s`);
  }

  /** Space plays, digits choose. @param {KeyboardEvent} event */
  #onKey(event) {
    const { key, repeat, ctrlKey, metaKey, altKey, target } = event;
    if (this.#bar.inert || repeat || ctrlKey || metaKey || altKey) return;
    const takesKeys = target instanceof Element && target.closest('button, a, select, input');
    if (key === ' ' && !takesKeys) {
      event.preventDefault(); // the page would scroll
      this.toggle();
    }
    const sound = SOUNDS[Number(key) - 1];
    if (sound) this.sound = sound;
  }
}

/** @param {string} id */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}
