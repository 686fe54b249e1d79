/** The vertical axis of every spectrogram: as far apart as the ear hears frequencies apart. */

export const N_ROWS = 128;

const LOWEST_HZ = 60;
const HIGHEST_HZ = 20_000;
export const LABELS = new Map([
  [100, '100 Hz'],
  [500, '500'],
  [1000, '1 kHz'],
  [2000, '2'],
  [5000, '5'],
  [10_000, '10'],
  [20_000, '20 kHz'],
]);

/** ERB-rate of a frequency (Glasberg and Moore). @param {number} hz */
function erbs(hz) {
  return 21.4 * Math.log10(1 + 0.00437 * hz);
}

/** @param {number} hz @returns {number} 0 at the top to 1 at the bottom */
export function depthOf(hz) {
  return (erbs(HIGHEST_HZ) - erbs(hz)) / (erbs(HIGHEST_HZ) - erbs(LOWEST_HZ));
}

/** @param {number} depth */
function hzAt(depth) {
  const rate = erbs(HIGHEST_HZ) - depth * (erbs(HIGHEST_HZ) - erbs(LOWEST_HZ));
  return (10 ** (rate / 21.4) - 1) / 0.00437;
}

/**
 * Write the frequencies beside a spectrogram.
 *
 * @param {HTMLElement} axis as high as the spectrogram
 */
export function labelFrequencies(axis) {
  for (const [hz, label] of LABELS) {
    const tick = document.createElement('span');
    tick.textContent = label;
    tick.style.setProperty('--depth', String(depthOf(hz)));
    axis.append(tick);
  }
}

/** From the bins of a spectrum to the rows of a picture. */
export class FrequencyRows {
  /** The bins of each row: from, to (not included), or the place between two. */
  #spans;

  /**
   * @param {number} nBins from 0 Hz to half the sample rate
   * @param {number} sampleRate Hz
   */
  constructor(nBins, sampleRate) {
    const binAt = (/** @type {number} */ depth) => (hzAt(depth) * 2 * nBins) / sampleRate;
    this.#spans = Array.from({ length: N_ROWS }, (_, row) => ({
      from: Math.ceil(binAt((row + 1) / N_ROWS)),
      to: Math.min(Math.ceil(binAt(row / N_ROWS)), nBins),
      centre: binAt((row + 0.5) / N_ROWS),
    }));
  }

  /**
   * The loudest bin of each row; where bins are wider than rows, what lies between two.
   *
   * @param {Float32Array} levelsDb (nBins,)
   * @param {Float32Array} rowsDb (N_ROWS,), filled
   */
  pick(levelsDb, rowsDb) {
    this.#spans.forEach(({ from, to, centre }, row) => {
      if (to - from < 2) {
        const below = Math.floor(centre);
        const share = centre - below;
        rowsDb[row] = levelsDb[below] * (1 - share) + levelsDb[below + 1] * share;
        return;
      }
      let loudest = levelsDb[from];
      for (let bin = from + 1; bin < to; bin++) loudest = Math.max(loudest, levelsDb[bin]);
      rowsDb[row] = loudest;
    });
  }
}
