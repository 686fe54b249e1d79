import assert from 'node:assert/strict';
import { test } from 'node:test';

import { TrackThroughNode } from '../../web/media-track.js';
import { FakeNode, provide } from './fake-browser.mjs';

test('a track that is refused leaves the one before in the call', (t) => {
  const sources = [];
  provide(t, {
    MediaStream: class {
      constructor([track]) {
        this.track = track;
      }
    },
    MediaStreamAudioDestinationNode: class extends FakeNode {
      stream = { getAudioTracks: () => [{ contentHint: '' }] };
    },
    MediaStreamAudioSourceNode: class extends FakeNode {
      constructor(context, { mediaStream }) {
        super();
        if (mediaStream.track === 'picture') throw new DOMException('', 'InvalidStateError');
        sources.push(this);
      }
    },
  });
  const node = new FakeNode();
  const tracks = new TrackThroughNode({}, node);
  tracks.feed('voice');
  assert.throws(() => tracks.feed('picture'), { name: 'InvalidStateError' });
  assert.deepEqual([...sources[0].targets], [node]);

  tracks.feed('another voice');
  assert.deepEqual(sources.map(({ targets }) => targets.size), [0, 1]);
});
