/** What the page and its worker agree on. */

/** What can be heard, in the order of the method. */
export const SOUNDS = /** @type {const} */ ([
  'noisy',
  'magnitude',
  'gains',
  'comb',
  'postfilter',
  'network',
  'clean',
]);

/** @typedef {typeof SOUNDS[number]} Sound */

/** @typedef {{ data: Float32Array<ArrayBuffer>, width: number }} Rows one after the other */

/**
 * @param {Rows} rows
 * @param {number} frame
 */
export function rowOf({ data, width }, frame) {
  return data.subarray(frame * width, (frame + 1) * width);
}

/**
 * @typedef {object} Frames as in py/percepnet/lab.py, a row for every 10 ms
 * @property {Rows} noisy_db
 * @property {Rows} clean_db
 * @property {Rows} gains
 * @property {Rows} correlations
 * @property {Rows} periods
 * @property {Rows} strengths
 * @property {Rows} fine_noisy_db
 * @property {Rows} fine_comb_db
 * @property {Rows} comb_response_db
 */

/**
 * @typedef {object} Facts
 * @property {number[]} band_centres_hz
 * @property {number} lowest_lag of the correlations, in samples at 48 kHz
 * @property {number} lag_step
 * @property {number} fine_step_hz between the frequencies of the comb filter's picture
 */

/**
 * @typedef {object} Result
 * @property {Record<Sound, Float32Array<ArrayBuffer>>} sounds
 * @property {Frames} frames
 * @property {Facts} facts
 * @property {Record<Sound | 'frames' | 'pitch', ImageBitmap>} pictures
 */

/**
 * @typedef {{ type: 'load' } | { type: 'run' } & Material} Request
 *
 * @typedef {object} Material
 * @property {Float32Array} clean
 * @property {Float32Array} noise
 * @property {number} snrDb
 *
 * @typedef {{ type: 'loaded' }
 *   | { type: 'done', result: Result }
 *   | { type: 'failed', message: string }} Answer
 */
