/** The pictures over the whole recording, drawn in the worker. */

import { SAMPLE_RATE } from '../../protocol.js';
import { FrequencyRows, N_ROWS } from '../picture/frequency-axis.js';
import { N_COLUMNS, Overview } from '../picture/overview.js';
import { setColour } from '../picture/palette.js';
import { Spectrogram } from '../picture/spectrogram.js';
import { depthOfPitch, pitchHz } from './pitch-axis.js';

const BRIGHTNESS_DB = -12; // these windows and scales, to those of the other pictures
const VOICED = 0.4; // correlation from which the track is drawn
const TRACK_COLOUR = '#fff';

/**
 * The method's own frames, a column each.
 *
 * @param {import('./protocol.js').Rows} levels dB
 */
export function drawFrames({ data, width }) {
  const nFrames = data.length / width;
  const canvas = new OffscreenCanvas(nFrames, N_ROWS);
  const picture = new Spectrogram(canvas, nFrames);
  const nBins = width - 1;
  const rows = new FrequencyRows(nBins, SAMPLE_RATE);
  const rowsDb = new Float32Array(N_ROWS);
  for (let frame = 0; frame < nFrames; frame++) {
    rows.pick(data.subarray(frame * width, frame * width + nBins), rowsDb);
    picture.draw(frame, rowsDb.map((levelDb) => levelDb + BRIGHTNESS_DB));
  }
  return canvas.transferToImageBitmap();
}

/**
 * Finer than the method looks, as on the other pages.
 *
 * @param {Float32Array} samples
 */
export function drawSound(samples) {
  const canvas = new OffscreenCanvas(N_COLUMNS, N_ROWS);
  const picture = new Spectrogram(canvas, N_COLUMNS);
  for (const { column, rowsDb } of new Overview(samples.length, SAMPLE_RATE).push(samples)) {
    picture.draw(column, rowsDb);
  }
  return canvas.transferToImageBitmap();
}

/**
 * How alike the sound is to itself one period earlier, for every period; and the chosen one.
 *
 * @param {import('./protocol.js').Rows} correlations
 * @param {import('./protocol.js').Rows} periods samples
 * @param {import('./protocol.js').Facts} facts
 */
export function drawPitch({ data, width }, periods, { lowest_lag, lag_step }) {
  const nFrames = data.length / width;
  const canvas = new OffscreenCanvas(nFrames, N_ROWS);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const image = new ImageData(nFrames, N_ROWS);
  const placeOf = (/** @type {number} */ period) =>
    Math.min(Math.max((period - lowest_lag) / lag_step, 0), width - 1);
  const lags = Array.from({ length: N_ROWS }, (_, row) =>
    Math.round(placeOf(SAMPLE_RATE / pitchHz((row + 0.5) / N_ROWS))));
  for (let frame = 0; frame < nFrames; frame++) {
    lags.forEach((lag, row) => {
      setColour(data[frame * width + lag], image.data, row * nFrames + frame);
    });
  }
  context.putImageData(image, 0, 0);
  context.fillStyle = TRACK_COLOUR;
  periods.data.forEach((period, frame) => {
    if (data[frame * width + Math.round(placeOf(period))] < VOICED) return;
    context.fillRect(frame, depthOfPitch(SAMPLE_RATE / period) * N_ROWS - 1, 1, 2);
  });
  return canvas.transferToImageBitmap();
}
