/** A WAV file, read as it is needed: one of hours need not fit into memory. */

import { SAMPLE_RATE } from '../../protocol.js';

const HEADER_BYTES = 65_536; // what comes before the samples is seldom more
const INTEGER = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe; // the format follows later

/** From a file's bytes to ±1, by format and bits. @type {Map<string, (data: DataView, at: number) => number>} */
const READERS = new Map([
  [`${INTEGER}-16`, (data, at) => data.getInt16(at, true) / 2 ** 15],
  [`${INTEGER}-24`, (data, at) => (data.getInt16(at + 1, true) * 256 + data.getUint8(at)) / 2 ** 23],
  [`${INTEGER}-32`, (data, at) => data.getInt32(at, true) / 2 ** 31],
  [`${FLOAT}-32`, (data, at) => data.getFloat32(at, true)],
]);

export class WavSource {
  #file;
  #start;
  #sampleBytes;
  #readSample;

  /** Per channel. */
  length;

  /**
   * @param {File} file
   * @returns {Promise<WavSource | undefined>} undefined of a file that is no WAV at 48 kHz
   */
  static async open(file) {
    const header = new DataView(await file.slice(0, HEADER_BYTES).arrayBuffer());
    const chunks = new Map(chunksOf(header));
    const format = chunks.get('fmt ');
    const data = chunks.get('data');
    if (!format || !data || header.getUint32(format.start + 4, true) !== SAMPLE_RATE) return undefined;
    const tag = header.getUint16(format.start, true);
    const kind = tag === EXTENSIBLE ? header.getUint16(format.start + 24, true) : tag;
    const nBits = header.getUint16(format.start + 14, true);
    const readSample = READERS.get(`${kind}-${nBits}`);
    if (!readSample) return undefined;
    const nChannels = header.getUint16(format.start + 2, true);
    return new WavSource(file, data, nChannels, nBits / 8, readSample);
  }

  /**
   * Use `WavSource.open`.
   *
   * @param {File} file
   * @param {Chunk} data
   * @param {number} nChannels
   * @param {number} sampleBytes
   * @param {(data: DataView, at: number) => number} readSample
   */
  constructor(file, { start, nBytes }, nChannels, sampleBytes, readSample) {
    this.#file = file;
    this.#start = start;
    this.#sampleBytes = sampleBytes;
    this.#readSample = readSample;
    this.nChannels = nChannels;
    const nBytesThere = Math.min(nBytes, file.size - start); // where recording was cut off
    this.length = Math.floor(nBytesThere / (nChannels * sampleBytes));
  }

  /**
   * @param {number} start
   * @param {number} nSamples per channel
   * @returns {Promise<Float32Array<ArrayBuffer>[]>} by channel, with silence after the end
   */
  async read(start, nSamples) {
    const frameBytes = this.nChannels * this.#sampleBytes;
    const nThere = Math.max(Math.min(nSamples, this.length - start), 0);
    const from = this.#start + start * frameBytes;
    const bytes = await this.#file.slice(from, from + nThere * frameBytes).arrayBuffer();
    const data = new DataView(bytes);
    return Array.from({ length: this.nChannels }, (_, channel) => {
      const samples = new Float32Array(nSamples);
      for (let i = 0; i < nThere; i++) {
        samples[i] = this.#readSample(data, i * frameBytes + channel * this.#sampleBytes);
      }
      return samples;
    });
  }
}

/** @typedef {{ start: number, nBytes: number }} Chunk */

/**
 * The file's parts as far as the header reaches, by name.
 *
 * @param {DataView} header
 * @returns {Generator<[string, Chunk]>}
 */
function* chunksOf(header) {
  const nameAt = (/** @type {number} */ at) =>
    String.fromCharCode(...[0, 1, 2, 3].map((i) => header.getUint8(at + i)));
  if (header.byteLength < 12 || nameAt(0) !== 'RIFF' || nameAt(8) !== 'WAVE') return;
  for (let at = 12; at + 8 <= header.byteLength; ) {
    const nBytes = header.getUint32(at + 4, true);
    yield [nameAt(at), { start: at + 8, nBytes }];
    at += 8 + nBytes + (nBytes % 2);
  }
}
