/** A word or a number of the page: written only when it is another, for then the page is laid out anew. */

export class Field {
  #element;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#element = element;
  }

  /** @param {string} text */
  show(text) {
    if (this.#element.textContent !== text) this.#element.textContent = text;
  }
}

/** @param {string} id of its element */
export function field(id) {
  return new Field(/** @type {HTMLElement} */ (document.getElementById(id)));
}
