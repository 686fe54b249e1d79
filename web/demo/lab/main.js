/** The page that shows how it works: one mixture, seen and heard step by step. */

import { SAMPLE_RATE } from '../../protocol.js';
import { Every } from '../every.js';
import { labelFrequencies } from '../picture/frequency-axis.js';
import { WavFormat, WavWriter } from '../wav.js';
import { Bands } from './bands.js';
import { Comb } from './comb.js';
import { Laboratory } from './laboratory.js';
import { Material } from './material.js';
import { labelPitches } from './pitch-axis.js';
import { PlaceLine } from './place-line.js';
import { Timeline } from './timeline.js';

const WORDS_EVERY_MS = 250;
const START_S = 2.86; // where the example is voiced: something to see at once

/** @typedef {import('./protocol.js').Sound} Sound */

const state = element('state');
const problem = element('problem');
const bands = new Bands(canvas('bands'));
const comb = new Comb(canvas('comb'));
const timeline = new Timeline(showPlace);
const material = new Material({ onchange: compute, onproblem: showProblem });
const forWords = new Every(WORDS_EVERY_MS);
const laboratory = new Laboratory({ onresult: show, onfailure: showProblem });

/** Whole-recording pictures and the line that shows the place in each. */
const pictures = [...document.querySelectorAll('[data-picture]')].map((figure) => ({
  name: /** @type {keyof import('./protocol.js').Result['pictures']} */ (
    /** @type {HTMLElement} */ (figure).dataset.picture
  ),
  target: /** @type {ImageBitmapRenderingContext} */ (
    /** @type {HTMLCanvasElement} */ (figure.querySelector('canvas')).getContext('bitmaprenderer')
  ),
  line: new PlaceLine(/** @type {HTMLElement} */ (figure.querySelector('i'))),
}));
const cards = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-sound]'));

/** @type {import('./protocol.js').Result | undefined} */
let result;
let isOtherVoice = true;

/** @param {boolean} otherVoice */
async function compute(otherVoice) {
  isOtherVoice ||= otherVoice;
  problem.hidden = true;
  document.body.toggleAttribute('data-busy', true);
  if (result) state.textContent = 'Computing …';
  try {
    laboratory.run(await material.load());
  } catch (error) {
    showProblem(/** @type {Error} */ (error).message);
  }
}

/** @param {import('./protocol.js').Result} newest */
function show(newest) {
  for (const { name, target } of pictures) target.transferFromImageBitmap(newest.pictures[name]);
  const isFirst = !result;
  result = newest;
  timeline.load(newest.sounds, isOtherVoice);
  if (isFirst) timeline.moveTo(START_S);
  isOtherVoice = false;
  document.body.toggleAttribute('data-busy', false);
  state.textContent = 'Ready: press Play, and move along the pictures.';
}

/** @param {string} message */
function showProblem(message) {
  problem.textContent = message;
  problem.hidden = false;
  document.body.toggleAttribute('data-busy', false);
  state.textContent = result ? 'The pictures are of the mixture before.' : '';
}

function showPlace() {
  const share = timeline.durationS ? timeline.place / timeline.durationS : 0;
  for (const { line } of pictures) line.moveTo(share);
  for (const card of cards) {
    card.toggleAttribute('data-heard', card.dataset.sound === timeline.sound);
  }
  if (!result) return;
  bands.show(result, timeline.frame);
  comb.show(result, timeline.frame);
  if (timeline.isPlaying && !forWords.isDue(performance.now())) return;
  bands.tell();
  comb.tell();
}

function download() {
  if (!result) return;
  const wav = new WavWriter(new WavFormat(SAMPLE_RATE, 1));
  wav.push([result.sounds[timeline.sound]]);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(wav.finish());
  link.download = `${timeline.sound}.wav`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the download has begun by then
}

for (const axis of document.querySelectorAll('.frequencies')) {
  const label = axis.matches('.pitches') ? labelPitches : labelFrequencies;
  label(/** @type {HTMLElement} */ (axis));
}
for (const { target } of pictures) {
  const drawn = /** @type {HTMLCanvasElement} */ (target.canvas);
  /** @param {PointerEvent} event */
  const follow = ({ buttons, offsetX }) => {
    if (buttons) timeline.moveTo((offsetX / drawn.clientWidth) * timeline.durationS);
  };
  drawn.addEventListener('pointerdown', follow);
  drawn.addEventListener('pointermove', follow);
}
for (const card of cards) {
  card.querySelector('button')?.addEventListener('click', () => {
    timeline.sound = /** @type {Sound} */ (card.dataset.sound);
    if (!timeline.isPlaying) timeline.toggle();
  });
}
element('download').addEventListener('click', download);
compute(true);

/** @param {string} id */
function canvas(id) {
  return /** @type {HTMLCanvasElement} */ (element(id));
}

/** @param {string} id */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}
