/** Before and after of one recording: pictures, one place in time, one of both to be heard. */

import { Field } from './field.js';
import { N_COLUMNS } from './picture/overview.js';
import { labelFrequencies } from './picture/frequency-axis.js';
import { Spectrogram } from './picture/spectrogram.js';

const FADE_S = 0.01;

const MARKUP = `
  <div class="pictures">
    <div class="picture"><span class="side-name">Before</span>
      <div class="spectrogram"><div class="frequencies" aria-hidden="true"></div>
        <canvas role="img" aria-label="Spectrogram before denoising"></canvas><i></i></div></div>
    <div class="picture"><span class="side-name">After</span>
      <div class="spectrogram"><div class="frequencies" aria-hidden="true"></div>
        <canvas role="img" aria-label="Spectrogram after denoising"></canvas><i></i></div></div>
  </div>
  <div class="transport" hidden>
    <button type="button" class="play">Play</button>
    <input type="range" class="seek" min="0" step="0.01" value="0" aria-label="Position" />
    <output class="time"></output>
    <fieldset class="choice small">
      <legend class="visually-hidden">Side to hear</legend>
      <label><input type="radio" value="0" /><span>Before</span></label>
      <label><input type="radio" value="1" checked /><span>After</span></label>
    </fieldset>
    <p class="hint"><kbd>B</kbd> switches while it plays</p>
  </div>
`;

/** One for all players of the page, made when sound is first asked for. @type {AudioContext} */
let context;

/** Radio buttons of one name belong together on a page. */
let nPlayers = 0;

export class Player {
  #audio = new Audio();
  #host;
  #sides;
  #play;
  #seek;
  #action;
  #time;
  #choices;
  #nChannels = 1;
  #nextFrame = 0; // as requestAnimationFrame numbers it

  /** @type {GainNode[] | undefined} */
  #gains;

  /** @param {HTMLElement} host empty; filled */
  constructor(host) {
    host.innerHTML = MARKUP;
    host.classList.add('player');
    this.#host = host;
    const canvases = [...host.querySelectorAll('canvas')];
    this.#sides = canvases.map((canvas) => new Spectrogram(canvas, N_COLUMNS));
    this.#play = /** @type {HTMLButtonElement} */ (host.querySelector('.play'));
    this.#seek = /** @type {HTMLInputElement} */ (host.querySelector('.seek'));
    this.#action = new Field(this.#play);
    this.#time = new Field(/** @type {HTMLElement} */ (host.querySelector('.time')));
    this.#choices = /** @type {NodeListOf<HTMLInputElement>} */ (
      host.querySelectorAll('.choice input')
    );
    for (const axis of host.querySelectorAll('.frequencies')) {
      labelFrequencies(/** @type {HTMLElement} */ (axis));
    }
    nPlayers++;
    for (const choice of this.#choices) {
      choice.name = `side-${nPlayers}`;
      choice.addEventListener('change', () => this.#applySide());
    }
    for (const canvas of canvases) canvas.addEventListener('click', (event) => this.#jump(event));
    this.#play.addEventListener('click', () => this.#toggle());
    this.#seek.addEventListener('input', () => {
      this.#audio.currentTime = this.#seek.valueAsNumber;
      this.#show();
    });
    for (const type of ['play', 'pause', 'ended', 'seeked']) {
      this.#audio.addEventListener(type, () => this.#follow());
    }
    // Before the page's own use of the key: a player that plays has it.
    window.addEventListener('keydown', (event) => this.#onKey(event), { capture: true });
  }

  /**
   * @param {number} side 0 before, 1 after
   * @param {number} column
   * @param {Float32Array} rowsDb
   */
  draw(side, column, rowsDb) {
    this.#sides[side].draw(column, rowsDb);
  }

  /**
   * @param {Blob} pair WAV: the channels before, then as many after
   * @param {number} durationS
   * @param {number} nChannels of each side: 1 or 2
   */
  load(pair, durationS, nChannels) {
    this.#free();
    this.#nChannels = nChannels;
    this.#audio.src = URL.createObjectURL(pair);
    this.#seek.max = String(durationS);
    /** @type {HTMLElement} */ (this.#host.querySelector('.transport')).hidden = false;
    this.#show();
  }

  /** Be silent, empty and free the recording. */
  unload() {
    this.#free();
    /** @type {HTMLElement} */ (this.#host.querySelector('.transport')).hidden = true;
    for (const side of this.#sides) side.clear();
  }

  #free() {
    this.#audio.pause();
    if (this.#audio.src) URL.revokeObjectURL(this.#audio.src);
    this.#audio.removeAttribute('src');
  }

  async #toggle() {
    if (!this.#audio.paused) return this.#audio.pause();
    this.#gains ??= connect(this.#audio, this.#nChannels);
    this.#applySide();
    await context.resume();
    await this.#audio.play();
  }

  #applySide() {
    const chosen = [...this.#choices].findIndex(({ checked }) => checked);
    this.#gains?.forEach(({ gain }, side) => {
      gain.setTargetAtTime(side === chosen ? 1 : 0, context.currentTime, FADE_S);
    });
    this.#host.dataset.side = String(chosen);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.key.toLowerCase() !== 'b' || event.repeat || this.#audio.paused) return;
    event.preventDefault();
    const other = [...this.#choices].find(({ checked }) => !checked);
    if (other) other.checked = true;
    this.#applySide();
  }

  /** @param {MouseEvent} event */
  #jump({ currentTarget, offsetX }) {
    const { clientWidth } = /** @type {HTMLElement} */ (currentTarget);
    this.#audio.currentTime = (offsetX / clientWidth) * Number(this.#seek.max);
  }

  #follow() {
    cancelAnimationFrame(this.#nextFrame); // one loop, however many events start it
    this.#show();
    if (!this.#audio.paused) this.#nextFrame = requestAnimationFrame(() => this.#follow());
  }

  #show() {
    const { currentTime, paused } = this.#audio;
    const durationS = Number(this.#seek.max);
    this.#action.show(paused ? 'Play' : 'Pause');
    this.#seek.value = String(currentTime);
    this.#seek.ariaValueText = minutes(currentTime);
    this.#time.show(`${minutes(currentTime)} / ${minutes(durationS)}`);
    this.#host.style.setProperty('--place', String(durationS ? currentTime / durationS : 0));
  }
}

/**
 * @param {HTMLAudioElement} audio
 * @param {number} nChannels of each side
 * @returns {GainNode[]} of the sides
 */
function connect(audio, nChannels) {
  context ??= new AudioContext();
  const splitter = new ChannelSplitterNode(context, { numberOfOutputs: 2 * nChannels });
  context.createMediaElementSource(audio).connect(splitter);
  return [0, 1].map((side) => {
    const merger = new ChannelMergerNode(context, { numberOfInputs: nChannels });
    for (let i = 0; i < nChannels; i++) splitter.connect(merger, side * nChannels + i, i);
    const gain = new GainNode(context, { gain: 0 });
    merger.connect(gain).connect(context.destination);
    return gain;
  });
}

/** @param {number} seconds */
export function minutes(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
