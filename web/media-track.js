/** A MediaStreamTrack through an audio node: what WebRTC sends. */

export class TrackThroughNode {
  #context;
  #node;
  #destination;
  /** @type {MediaStreamAudioSourceNode | undefined} */
  #source;

  /**
   * @param {AudioContext} context
   * @param {AudioNode} node
   */
  constructor(context, node) {
    this.#context = context;
    this.#node = node;
    const { channelCount } = node;
    this.#destination = new MediaStreamAudioDestinationNode(context, { channelCount });
    this.track.contentHint = 'speech';
    node.connect(this.#destination);
  }

  /** What comes out; the same for every input. */
  get track() {
    return this.#destination.stream.getAudioTracks()[0];
  }

  /**
   * Take this track in, in place of the one before, which stays where this one is refused.
   *
   * @param {MediaStreamTrack} track
   * @throws {DOMException} the browser's reason
   */
  feed(track) {
    const mediaStream = new MediaStream([track]);
    const source = new MediaStreamAudioSourceNode(this.#context, { mediaStream });
    source.connect(this.#node);
    this.#source?.disconnect();
    this.#source = source;
  }

  end() {
    this.#source?.disconnect();
    this.#node.disconnect(this.#destination);
    this.track.stop();
  }
}
