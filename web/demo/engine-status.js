/** Panel "Engine": what the denoising costs and whether it keeps up. */

const VOICE_THRESHOLD = 0.5;

export class EngineStatus {
  #latency = field('latency');
  #hopMs = field('hop-ms');
  #hopMsP99 = field('hop-ms-p99');
  #underruns = field('underruns');
  #voice = field('voice');

  /** @param {import('../percepnet.js').DenoiserStats} stats */
  update({ latencyMs, hopMsP50, hopMsP99, underruns, droppedMs, voiceProbability }) {
    this.#latency.textContent = `${latencyMs.toFixed(0)} ms`;
    this.#hopMs.textContent = `${hopMsP50.toFixed(2)} ms`;
    this.#hopMsP99.textContent = `${hopMsP99.toFixed(2)} ms`;
    this.#underruns.textContent = underruns ? `${underruns} (${droppedMs.toFixed(0)} ms lost)` : '0';
    this.#voice.textContent = voiceProbability > VOICE_THRESHOLD ? 'speaking' : 'quiet';
  }

  clear() {
    const fields = [this.#latency, this.#hopMs, this.#hopMsP99, this.#underruns, this.#voice];
    for (const text of fields) text.textContent = '–';
  }
}

/** @param {string} id */
function field(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}
