/** A canvas for curves over frequency: sharp on every screen, in the page's colours. */

const MARGIN = { left: 48, right: 8, top: 8, bottom: 22 }; // CSS pixels
const FONT = '11px system-ui, sans-serif';
const LABEL_GAP = 8; // CSS pixels

export class Plot {
  #canvas;
  #context;
  #redraw;
  #width = 0;
  #height = 0;
  #isSeen = true;
  /** @type {Map<string, string>} */
  #colours = new Map();
  /** @type {CSSStyleDeclaration} */
  #style;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {() => void} redraw called when what it draws may be others, and can be seen
   */
  constructor(canvas, redraw) {
    this.#canvas = canvas;
    this.#context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    this.#redraw = redraw;
    this.#style = getComputedStyle(document.documentElement);
    new ResizeObserver(() => this.#fit()).observe(canvas);
    new IntersectionObserver(([{ isIntersecting }]) => {
      this.#isSeen = isIntersecting;
      this.update();
    }).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#colours.clear();
      this.update();
    });
  }

  /** Draw anew, now or once it is seen. */
  update() {
    if (this.#isSeen) this.#redraw();
  }

  #fit() {
    const { clientWidth, clientHeight } = this.#canvas;
    this.#canvas.width = clientWidth * devicePixelRatio;
    this.#canvas.height = clientHeight * devicePixelRatio;
    this.#width = clientWidth - MARGIN.left - MARGIN.right;
    this.#height = clientHeight - MARGIN.top - MARGIN.bottom;
    this.update();
  }

  /** @param {string} name of a colour of style.css */
  colour(name) {
    const known = this.#colours.get(name) ?? this.#style.getPropertyValue(`--${name}`);
    this.#colours.set(name, known);
    return known;
  }

  /**
   * Begin anew.
   *
   * @param {Iterable<[number, string]>} across ticks: place, label
   * @param {Iterable<[number, string]>} down
   */
  clear(across, down) {
    const context = this.#context;
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    context.translate(MARGIN.left, MARGIN.top);
    context.font = FONT;
    context.lineWidth = 1;
    context.strokeStyle = this.colour('line');
    context.fillStyle = this.colour('quiet');
    let room = this.#width + MARGIN.right; // up to the label on the right
    for (const [place, label] of [...across].reverse()) {
      const x = place * this.#width;
      this.#tick(x, 0, x, this.#height);
      const { width } = context.measureText(label);
      const left = x - (place > 0.95 ? width : width / 2);
      if (left + width > room) continue; // on a phone
      context.textAlign = 'left';
      context.fillText(label, left, this.#height + 15);
      room = left - LABEL_GAP;
    }
    context.textAlign = 'right';
    for (const [place, label] of down) {
      this.#tick(0, place * this.#height, this.#width, place * this.#height);
      context.fillText(label, -6, place * this.#height + 4);
    }
  }

  /**
   * @param {ArrayLike<number>} places across, 0 to 1, rising
   * @param {(i: number) => number} depth 0 at the top to 1 at the bottom
   * @param {string} colour
   * @param {number} width
   */
  line(places, depth, colour, width) {
    this.#trace(places, depth);
    this.#context.strokeStyle = colour;
    this.#context.lineWidth = width;
    this.#context.lineJoin = 'round';
    this.#context.stroke();
  }

  /**
   * From the curve down to the bottom.
   *
   * @param {ArrayLike<number>} places
   * @param {(i: number) => number} depth
   * @param {string} colour
   * @param {number} opacity
   */
  area(places, depth, colour, opacity) {
    this.#trace(places, depth);
    this.#context.lineTo(places[places.length - 1] * this.#width, this.#height);
    this.#context.lineTo(places[0] * this.#width, this.#height);
    this.#context.globalAlpha = opacity;
    this.#context.fillStyle = colour;
    this.#context.fill();
    this.#context.globalAlpha = 1;
  }

  /**
   * @param {ArrayLike<number>} places
   * @param {(i: number) => number} depth
   */
  #trace(places, depth) {
    this.#context.beginPath();
    for (let i = 0; i < places.length; i++) {
      const down = Math.min(Math.max(depth(i), 0), 1);
      this.#context.lineTo(places[i] * this.#width, down * this.#height);
    }
  }

  /** @param {number[]} ends */
  #tick(...[fromX, fromY, toX, toY]) {
    this.#context.beginPath();
    this.#context.moveTo(fromX, fromY);
    this.#context.lineTo(toX, toY);
    this.#context.stroke();
  }
}
