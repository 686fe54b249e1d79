/** LiveKit's SDK with our processor on a local track. */

import { PercepNetProcessor } from '../../adapters/livekit.js';
import { offer } from './controls.js';

const SDK = './livekit-client/livekit-client.esm.mjs';

/** @type {typeof import('livekit-client')} */
const { createLocalAudioTrack } = await import(SDK);

offer(async () => {
  const audioContext = new AudioContext();
  const track = await createLocalAudioTrack({ noiseSuppression: false, autoGainControl: false });
  track.setAudioContext(audioContext); // a room does this when the track is published
  await track.setProcessor(new PercepNetProcessor());
  return {
    sent: track.mediaStreamTrack,
    async end() {
      await track.stopProcessor();
      track.stop();
      await audioContext.close();
    },
  };
});
