/** WAV files of 32-bit float samples: exactly what was heard. */

const HEADER_BYTES = 58;
const IEEE_FLOAT = 3;

/**
 * @param {Float32Array[]} pieces of one channel
 * @param {number} sampleRate Hz
 * @returns {Blob}
 */
export function encodeWav(pieces, sampleRate) {
  const nSamples = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const data = new DataView(new ArrayBuffer(HEADER_BYTES + 4 * nSamples));
  writeHeader(data, nSamples, sampleRate);
  let offset = HEADER_BYTES;
  for (const piece of pieces) {
    for (const sample of piece) {
      data.setFloat32(offset, sample, true);
      offset += 4;
    }
  }
  return new Blob([data], { type: 'audio/wav' });
}

/**
 * @param {DataView} data
 * @param {number} nSamples
 * @param {number} sampleRate
 */
function writeHeader(data, nSamples, sampleRate) {
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
  uint32(data.byteLength - 8);
  tag('WAVE');

  tag('fmt ');
  uint32(18);
  uint16(IEEE_FLOAT);
  uint16(1); // channel
  uint32(sampleRate);
  uint32(4 * sampleRate); // bytes a second
  uint16(4); // bytes a frame
  uint16(32); // bits a sample
  uint16(0); // no extension

  tag('fact'); // asked for where samples are not integers
  uint32(4);
  uint32(nSamples);

  tag('data');
  uint32(4 * nSamples);
}
