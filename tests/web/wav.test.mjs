import assert from 'node:assert/strict';
import { test } from 'node:test';

import { encodeWav } from '../../web/demo/wav.js';

/** The chunks of a RIFF file by name. */
function parse(bytes) {
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
  const blob = encodeWav(pieces, 48_000);
  assert.equal(blob.type, 'audio/wav');
  const { 'fmt ': format, fact, data } = parse(await blob.arrayBuffer());
  assert.equal(format.getUint16(0, true), 3, 'float');
  assert.equal(format.getUint16(2, true), 1, 'channels');
  assert.equal(format.getUint32(4, true), 48_000, 'rate');
  assert.equal(format.getUint32(8, true), 192_000, 'bytes a second');
  assert.equal(format.getUint16(12, true), 4, 'bytes a frame');
  assert.equal(format.getUint16(14, true), 32, 'bits a sample');
  assert.equal(fact.getUint32(0, true), 6);
  assert.deepEqual([...new Float32Array(data.buffer)], [...pieces[0], ...pieces[1]]);
});

test('an empty recording is a valid file', async () => {
  const { data } = parse(await encodeWav([], 48_000).arrayBuffer());
  assert.equal(data.byteLength, 0);
});
