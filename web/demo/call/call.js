/** A call in one page: one end sends a track, the other receives it, as between two computers. */

export class Call {
  #near = new RTCPeerConnection();
  #far = new RTCPeerConnection();

  /** What the far end receives. @type {MediaStream} */
  received = new MediaStream();

  /**
   * @param {MediaStreamTrack} track
   * @returns {Promise<Call>} with both ends connected
   * @throws {Error} in words for the visitor
   */
  static async connect(track) {
    const call = new Call();
    try {
      await call.#connect(track);
    } catch (error) {
      call.close();
      throw error;
    }
    return call;
  }

  /** @param {MediaStreamTrack} track */
  async #connect(track) {
    const [near, far] = [this.#near, this.#far];
    near.onicecandidate = ({ candidate }) => far.addIceCandidate(candidate ?? undefined);
    far.onicecandidate = ({ candidate }) => near.addIceCandidate(candidate ?? undefined);
    far.ontrack = ({ track }) => this.received.addTrack(track);
    near.addTrack(track);
    await near.setLocalDescription();
    await far.setRemoteDescription(/** @type {RTCSessionDescription} */ (near.localDescription));
    await far.setLocalDescription();
    await near.setRemoteDescription(/** @type {RTCSessionDescription} */ (far.localDescription));
    await new Promise((resolve, reject) => {
      far.onconnectionstatechange = () => {
        if (far.connectionState === 'connected') resolve(undefined);
        if (far.connectionState === 'failed') reject(new Error(NOT_CONNECTED));
      };
    });
  }

  /** @returns {Promise<RTCStatsReport>} of the far end */
  getStats() {
    return this.#far.getStats();
  }

  close() {
    this.#near.close();
    this.#far.close();
  }
}

const NOT_CONNECTED =
  'The two ends of the call do not find each other: this browser, or an extension of it, blocks WebRTC.';
