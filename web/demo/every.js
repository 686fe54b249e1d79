/** What in an animation need not be done in every frame: words are read, not watched. */

export class Every {
  #periodMs;
  #dueMs = 0;

  /** @param {number} periodMs */
  constructor(periodMs) {
    this.#periodMs = periodMs;
  }

  /** @param {number} nowMs @returns {boolean} at most once in a period */
  isDue(nowMs) {
    if (nowMs < this.#dueMs) return false;
    this.#dueMs = nowMs + this.#periodMs;
    return true;
  }
}
