/** The main thread's slots: what the app sets, checked. */

import { Control } from './protocol.js';

/**
 * @param {Float32Array} controls
 * @param {number} strength
 */
export function setStrength(controls, strength) {
  if (!(strength >= 0 && strength <= 1)) {
    throw new RangeError(`strength ${strength} is not between 0 and 1`);
  }
  controls[Control.STRENGTH] = strength;
}

/**
 * @param {Float32Array} controls
 * @param {number} limitDb
 */
export function setAttenuationLimitDb(controls, limitDb) {
  if (!(limitDb >= 0)) throw new RangeError(`attenuation limit ${limitDb} dB is not 0 or more`);
  controls[Control.ATTENUATION_LIMIT_DB] = limitDb;
}

/**
 * @param {Float32Array} controls
 * @param {boolean} bypass
 */
export function setBypass(controls, bypass) {
  controls[Control.BYPASS] = bypass ? 1 : 0;
}
