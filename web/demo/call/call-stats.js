/** What WebRTC tells about the call, in numbers. */

import { field } from '../field.js';

export class CallStats {
  #codec = field('codec');
  #rate = field('rate');
  #lost = field('lost');
  #jitter = field('jitter');
  #buffer = field('buffer');
  #bytes = 0;
  #timestampMs = NaN;

  /** @param {RTCStatsReport} report of the receiving end */
  update(report) {
    const all = [...report.values()];
    const inbound = all.find(({ type }) => type === 'inbound-rtp');
    if (!inbound) return;
    const { mimeType = '' } = report.get(inbound.codecId) ?? {};
    const bitsPerMs = (8 * (inbound.bytesReceived - this.#bytes)) / (inbound.timestamp - this.#timestampMs);
    this.#bytes = inbound.bytesReceived;
    this.#timestampMs = inbound.timestamp;
    this.#codec.show(mimeType.replace('audio/', ''));
    if (bitsPerMs >= 0) this.#rate.show(`${bitsPerMs.toFixed(0)} kbit/s`);
    this.#lost.show(`${inbound.packetsLost} of ${inbound.packetsReceived + inbound.packetsLost}`);
    this.#jitter.show(`${(1000 * inbound.jitter).toFixed(1)} ms`);
    const bufferS = inbound.jitterBufferDelay / inbound.jitterBufferEmittedCount;
    if (bufferS >= 0) this.#buffer.show(`${(1000 * bufferS).toFixed(0)} ms`);
  }

  clear() {
    this.#bytes = 0;
    this.#timestampMs = NaN;
    for (const text of [this.#codec, this.#rate, this.#lost, this.#jitter, this.#buffer]) {
      text.show('–');
    }
  }
}
