/** A canvas of columns; the page stretches it to the room there is. */

import { N_ROWS } from './frequency-axis.js';
import { paint } from './palette.js';

export class Spectrogram {
  #context;
  #column;

  /**
   * @param {HTMLCanvasElement | OffscreenCanvas} canvas
   * @param {number} nColumns
   */
  constructor(canvas, nColumns) {
    canvas.width = nColumns;
    canvas.height = N_ROWS;
    this.canvas = canvas;
    this.#context = /** @type {CanvasRenderingContext2D} */ (
      canvas.getContext('2d', { alpha: false })
    );
    this.#column = new ImageData(1, N_ROWS);
    this.clear();
  }

  clear() {
    paint(new Float32Array(N_ROWS).fill(-Infinity), this.#column.data);
    for (let x = 0; x < this.canvas.width; x++) this.#context.putImageData(this.#column, x, 0);
  }

  /** @param {number} nColumns to move the picture to the left */
  scroll(nColumns) {
    this.#context.drawImage(this.canvas, -nColumns, 0);
  }

  /**
   * @param {number} column
   * @param {Float32Array} rowsDb (N_ROWS,)
   */
  draw(column, rowsDb) {
    paint(rowsDb, this.#column.data);
    this.#context.putImageData(this.#column, column, 0);
  }
}
