/** Results as rows of the tables. */

const NAMES = /** @type {Record<string, string>} */ ({
  paper: 'PercepNet, 8 M weights',
  '@jitsi/rnnoise-wasm': 'RNNoise, Jitsi',
  '@shiguredo/rnnoise-wasm': 'RNNoise, Shiguredo',
  PercepNet: 'PercepNet',
});

const PARTS = /** @type {Record<string, string>} */ ({
  worker: 'worker',
  runtime: 'Python',
  imports: 'imports',
  model: 'model',
  hop: 'first hop',
});

/** @param {any} result of one method with one kernel */
export function hopRow({ name, kernel, hopMs, crossingMs, bench }) {
  const stages = bench?.stages_ms;
  const sum = stages && Object.values(stages).reduce((total, ms) => total + ms, 0);
  return row(
    NAMES[name] ?? `PercepNet, ${name}`,
    kernel ?? '',
    bench ? bench.n_weights.toLocaleString('en') : '',
    number(hopMs.median, 2),
    number(hopMs.p99, 2),
    number(hopMs.max, 1),
    number(stages?.network, 3),
    number(stages?.features, 3),
    number(stages && sum - stages.network - stages.features, 3),
    number(crossingMs, 3),
    number(bench?.ns_per_weight, 3),
  );
}

/** @param {any} start of one method */
export function startRow({ name, totalMs, partsMs, bytes }) {
  const parts = Object.entries(partsMs).map(
    ([part, ms]) => `${PARTS[part]} ${(/** @type {number} */ (ms) / 1000).toFixed(2)}`,
  );
  return row(NAMES[name], number(totalMs / 1000, 2), parts.join(', '), number(bytes / 1e6, 1));
}

/**
 * @param {number | undefined} value
 * @param {number} digits
 */
function number(value, digits) {
  return value === undefined ? '' : value.toFixed(digits);
}

/** @param {...string} texts */
function row(...texts) {
  const line = document.createElement('tr');
  line.append(
    ...texts.map((text, column) => {
      const cell = document.createElement(column ? 'td' : 'th');
      if (!column) cell.setAttribute('scope', 'row');
      cell.textContent = text;
      return cell;
    }),
  );
  return line;
}
