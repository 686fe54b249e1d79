/** The colours of levels: dark where it is quiet, in both themes. */

const FLOOR_DB = -108;
const CEILING_DB = -38;
const N_COLOURS = 256;

/** Evenly spaced from the floor to the ceiling. */
const STOPS = [
  [10, 18, 20],
  [9, 44, 52],
  [10, 94, 96],
  [38, 160, 138],
  [150, 205, 120],
  [246, 216, 120],
  [255, 246, 222],
];

const COLOURS = Array.from({ length: N_COLOURS }, (_, index) => {
  const place = (index / (N_COLOURS - 1)) * (STOPS.length - 1);
  const below = Math.min(Math.floor(place), STOPS.length - 2);
  const share = place - below;
  return STOPS[below].map((dark, i) => Math.round(dark + share * (STOPS[below + 1][i] - dark)));
});

/**
 * @param {Float32Array} levelsDb (n,)
 * @param {Uint8ClampedArray} pixels (4 n,) RGBA, filled
 */
export function paint(levelsDb, pixels) {
  levelsDb.forEach((levelDb, i) => {
    setColour((levelDb - FLOOR_DB) / (CEILING_DB - FLOOR_DB), pixels, i);
  });
}

/**
 * @param {number} share 0 (dark) to 1 (bright)
 * @param {Uint8ClampedArray} pixels RGBA
 * @param {number} i the pixel to set
 */
export function setColour(share, pixels, i) {
  const [red, green, blue] = COLOURS[Math.round((N_COLOURS - 1) * Math.min(Math.max(share, 0), 1))];
  pixels[4 * i] = red;
  pixels[4 * i + 1] = green;
  pixels[4 * i + 2] = blue;
  pixels[4 * i + 3] = 255;
}
