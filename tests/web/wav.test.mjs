import assert from 'node:assert/strict';
import { test } from 'node:test';

import { WavFormat, WavWriter } from '../../web/demo/wav.js';

/** The chunks of a RIFF file by name. */
async function parse(blob) {
  assert.equal(blob.type, 'audio/wav');
  const bytes = await blob.arrayBuffer();
  const data = new DataView(bytes);
  const tag = (offset) => String.fromCharCode(...new Uint8Array(bytes, offset, 4));
  assert.equal(tag(0), 'RIFF');
  assert.equal(data.getUint32(4, true), bytes.byteLength - 8);
  assert.equal(tag(8), 'WAVE');
  const chunks = {};
  for (let offset = 12; offset < bytes.byteLength; ) {
    const length = data.getUint32(offset + 4, true);
    chunks[tag(offset)] = new DataView(bytes.slice(offset + 8, offset + 8 + length));
    offset += 8 + length;
  }
  return chunks;
}

test('a WAV file holds the very samples', async () => {
  const pieces = [Float32Array.of(0, 1, -1), Float32Array.of(0.1, 1.5, -1e-20)];
  const file = new WavWriter(new WavFormat(48_000, 1));
  for (const piece of pieces) file.push([piece]);
  const { 'fmt ': format, fact, data } = await parse(file.finish());
  assert.equal(format.getUint16(0, true), 3, 'float');
  assert.equal(format.getUint16(2, true), 1, 'channels');
  assert.equal(format.getUint32(4, true), 48_000, 'rate');
  assert.equal(format.getUint32(8, true), 192_000, 'bytes a second');
  assert.equal(format.getUint16(12, true), 4, 'bytes a frame');
  assert.equal(format.getUint16(14, true), 32, 'bits a sample');
  assert.equal(fact.getUint32(0, true), 6);
  assert.deepEqual([...new Float32Array(data.buffer)], [...pieces[0], ...pieces[1]]);
});

test('channels take turns', async () => {
  const file = new WavWriter(new WavFormat(44_100, 2));
  file.push([Float32Array.of(1, 2), Float32Array.of(-1, -2)]);
  const { 'fmt ': format, fact, data } = await parse(file.finish());
  assert.equal(format.getUint16(2, true), 2, 'channels');
  assert.equal(format.getUint32(8, true), 8 * 44_100, 'bytes a second');
  assert.equal(fact.getUint32(0, true), 2, 'samples of each channel');
  assert.deepEqual([...new Float32Array(data.buffer)], [1, -1, 2, -2]);
});

test('16 bits clip instead of wrapping round', async () => {
  const file = new WavWriter(new WavFormat(48_000, 1, 16));
  file.push([Float32Array.of(0, 0.5, 1, 1.5, -7)]);
  const { 'fmt ': format, data } = await parse(file.finish());
  assert.equal(format.getUint16(0, true), 1, 'integer');
  assert.deepEqual([...new Int16Array(data.buffer)], [0, 16_383, 32_767, 32_767, -32_767]);
});

test('an empty recording is a valid file', async () => {
  const { data } = await parse(new WavWriter(new WavFormat(48_000, 1)).finish());
  assert.equal(data.byteLength, 0);
});

test('what the header cannot count does not fit', () => {
  const stereo = new WavFormat(48_000, 2);
  assert.ok(stereo.fits(3 * 3600 * 48_000));
  assert.ok(!stereo.fits(4 * 3600 * 48_000));
  assert.ok(new WavFormat(48_000, 2, 16).fits(4 * 3600 * 48_000));
});
