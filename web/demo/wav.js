/** WAV files of 32-bit float samples: exactly what was computed; or of 16 bits, to listen to. */

const HEADER_BYTES = 58;
const INTEGER = 1;
const IEEE_FLOAT = 3;
const MAX_BYTES = 2 ** 32; // the header counts no further

/** How the samples are laid down. */
export class WavFormat {
  /**
   * @param {number} sampleRate Hz
   * @param {number} nChannels
   * @param {16 | 32} nBits
   */
  constructor(sampleRate, nChannels, nBits = 32) {
    this.sampleRate = sampleRate;
    this.nChannels = nChannels;
    this.nBits = nBits;
  }

  /** @param {number} nFrames in all @returns {boolean} whether one file can hold them */
  fits(nFrames) {
    return HEADER_BYTES + nFrames * this.#frameBytes < MAX_BYTES;
  }

  /** @param {Float32Array[]} channels equally long */
  encode(channels) {
    const nFrames = channels[0].length;
    const Samples = this.nBits === 16 ? Int16Array : Float32Array;
    const piece = new Samples(nFrames * this.nChannels);
    const scale = this.nBits === 16 ? 32_767 : 1;
    channels.forEach((samples, channel) => {
      for (let i = 0; i < nFrames; i++) {
        const sample = scale === 1 ? samples[i] : Math.min(Math.max(samples[i], -1), 1);
        piece[i * this.nChannels + channel] = sample * scale;
      }
    });
    return piece;
  }

  get #frameBytes() {
    return (this.nChannels * this.nBits) / 8;
  }

  /** What comes before the samples. @param {number} nFrames in all */
  header(nFrames) {
    const frameBytes = this.#frameBytes;
    const dataBytes = frameBytes * nFrames;
    const data = new DataView(new ArrayBuffer(HEADER_BYTES));
    let offset = 0;
    /** @param {string} id */
    const tag = (id) => {
      for (const letter of id) data.setUint8(offset++, letter.charCodeAt(0));
    };
    /** @param {number} value */
    const uint16 = (value) => {
      data.setUint16(offset, value, true);
      offset += 2;
    };
    /** @param {number} value */
    const uint32 = (value) => {
      data.setUint32(offset, value, true);
      offset += 4;
    };

    tag('RIFF');
    uint32(HEADER_BYTES - 8 + dataBytes);
    tag('WAVE');

    tag('fmt ');
    uint32(18);
    uint16(this.nBits === 16 ? INTEGER : IEEE_FLOAT);
    uint16(this.nChannels);
    uint32(this.sampleRate);
    uint32(frameBytes * this.sampleRate); // bytes a second
    uint16(frameBytes);
    uint16(this.nBits);
    uint16(0); // no extension

    tag('fact'); // asked for where samples are not integers
    uint32(4);
    uint32(nFrames);

    tag('data');
    uint32(dataBytes);
    return data;
  }
}

/** Takes a recording piece by piece, for as long as nobody knows its length. */
export class WavWriter {
  /** @type {Blob[]} */
  #pieces = [];
  #nFrames = 0;
  #format;

  /** @param {WavFormat} format */
  constructor(format) {
    this.#format = format;
  }

  /** @param {Float32Array[]} channels equally long */
  push(channels) {
    this.#pieces.push(new Blob([this.#format.encode(channels)]));
    this.#nFrames += channels[0].length;
  }

  /** @returns {Blob} */
  finish() {
    return new Blob([this.#format.header(this.#nFrames), ...this.#pieces], { type: 'audio/wav' });
  }
}
