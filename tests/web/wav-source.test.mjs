import assert from 'node:assert/strict';
import { test } from 'node:test';

import { WavSource } from '../../web/demo/files/wav-source.js';
import { WavFormat, WavWriter } from '../../web/demo/wav.js';
import { seededRandom } from './random.mjs';

const RATE = 48_000;

function twoChannels(nSamples) {
  const random = seededRandom(3);
  return [0, 1].map(() => Float32Array.from({ length: nSamples }, () => random() - 0.5));
}

function write(channels, nBits, rate = RATE) {
  const writer = new WavWriter(new WavFormat(rate, channels.length, nBits));
  writer.push(channels);
  return writer.finish();
}

test('float samples come back, piece by piece, with silence after the end', async () => {
  const channels = twoChannels(1000);
  const source = await WavSource.open(write(channels, 32));
  assert.deepEqual([source.length, source.nChannels], [1000, 2]);
  const pieces = [await source.read(0, 700), await source.read(700, 700)];
  channels.forEach((samples, channel) => {
    const read = [...pieces[0][channel], ...pieces[1][channel]];
    assert.deepEqual(read.slice(0, 1000), [...samples]);
    assert.deepEqual(read.slice(1000), Array(400).fill(0));
  });
});

test('16 and 24 bits are ±1', async () => {
  const channels = twoChannels(100);
  const wav16 = write(channels, 16);
  const [read16] = await (await WavSource.open(wav16)).read(0, 100);
  channels[0].forEach((sample, i) => assert.ok(Math.abs(sample - read16[i]) < 1e-4));

  // The same samples with eight bits more, all of them zero
  const header = new Uint8Array(await wav16.slice(0, 58).arrayBuffer());
  const values = new Uint8Array(await wav16.slice(58).arrayBuffer());
  header[34] = 24;
  const wider = new Uint8Array((values.length / 2) * 3);
  for (let i = 0; i < values.length; i++) wider[Math.floor(i / 2) * 3 + 1 + (i % 2)] = values[i];
  new DataView(header.buffer).setUint32(54, wider.length, true);
  const [read24] = await (await WavSource.open(new Blob([header, wider]))).read(0, 100);
  assert.deepEqual(read24, read16);
});

test('a file that was cut off ends with its last whole sample', async () => {
  const wav = write(twoChannels(1000), 32);
  const source = await WavSource.open(wav.slice(0, wav.size - 4001));
  assert.equal(source.length, 499);
});

test('what is not a WAV file at 48 kHz is left to others', async () => {
  assert.equal(await WavSource.open(write(twoChannels(10), 32, 44_100)), undefined);
  assert.equal(await WavSource.open(new Blob(['These are words, more than twelve.'])), undefined);
  assert.equal(await WavSource.open(new Blob([])), undefined);
});
