/** The vertical axis of the pitch: octaves equally far apart. */

const LOWEST_HZ = 60;
const HIGHEST_HZ = 500;
const LABELS_HZ = [500, 300, 200, 120, 80];

/** @param {number} depth 0 at the top to 1 at the bottom */
export function pitchHz(depth) {
  return HIGHEST_HZ * (LOWEST_HZ / HIGHEST_HZ) ** depth;
}

/** @param {number} hz */
export function depthOfPitch(hz) {
  return Math.log(HIGHEST_HZ / hz) / Math.log(HIGHEST_HZ / LOWEST_HZ);
}

/** @param {HTMLElement} axis as high as the picture */
export function labelPitches(axis) {
  for (const hz of LABELS_HZ) {
    const tick = document.createElement('span');
    tick.textContent = `${hz} Hz`;
    tick.style.setProperty('--depth', String(depthOfPitch(hz)));
    axis.append(tick);
  }
}
