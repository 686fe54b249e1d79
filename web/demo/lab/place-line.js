/** The line that shows the place in time in a picture: moved where it is seen. */

export class PlaceLine {
  #line;
  #share = 0;
  #isSeen = false;

  /** @param {HTMLElement} line */
  constructor(line) {
    this.#line = line;
    new IntersectionObserver(([{ isIntersecting }]) => {
      this.#isSeen = isIntersecting;
      this.moveTo(this.#share);
    }).observe(line);
  }

  /** @param {number} share of the picture's width */
  moveTo(share) {
    this.#share = share;
    if (this.#isSeen) this.#line.style.transform = `translateX(${(100 * share).toFixed(2)}cqw)`;
  }
}
