/** In the page: the load, and witnesses that do nothing else than be on time. */

const SLEEPER = `
const waited = new Int32Array(new SharedArrayBuffer(4));
let longest = 0, nLong = 0, last = performance.now();
onmessage = () => {
  postMessage({ longest, nLong });
  longest = nLong = 0;
};
setInterval(() => {
  const end = performance.now() + 200;
  while (performance.now() < end) {
    Atomics.wait(waited, 0, 0, 5);
    const now = performance.now();
    longest = Math.max(longest, now - last - 5);
    if (now - last > 15) nLong++;
    last = now;
  }
}, 0);`;

const EMPTY = `
registerProcessor('empty', class extends AudioWorkletProcessor {
  longest = 0; nLong = 0; last = 0;
  constructor({ processorOptions: counts }) {
    super();
    this.counts = counts;
    this.port.onmessage = () => {
      const { longest, nLong } = this;
      this.port.postMessage({ longest, nLong });
      this.longest = this.nLong = 0;
    };
  }
  process() {
    Atomics.store(this.counts, 0, currentFrame + 128);
    Atomics.notify(this.counts, 0);
    const gap = this.last ? Date.now() - this.last : 0;
    this.longest = Math.max(this.longest, gap);
    if (gap > 21) this.nLong++; // more than the cushion holds
    this.last = Date.now();
    return true;
  }
});`;

/**
 * Waits for the empty worklet's hops as the engine does for its own, works a millisecond on each,
 * and notes by how much the audio thread has gone on: more than `allowed`, and the hop was late.
 */
const CONTROL = `
onmessage = ({ data: { counts, allowed } }) => {
  let next;
  for (;;) {
    const played = Atomics.load(counts, 0);
    if (played > 0) next ??= 480 * Math.ceil((played + 1) / 480);
    if (!(played >= next)) {
      Atomics.wait(counts, 0, played, 100);
      continue;
    }
    const end = performance.now() + 1;
    while (performance.now() < end);
    const lag = Atomics.load(counts, 0) - next;
    if (lag > Atomics.load(counts, 1)) Atomics.store(counts, 1, lag);
    if (lag > allowed) Atomics.add(counts, 2, 1);
    next += 480;
  }
};`;

const url = (script) => URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
const answer = (port) =>
  new Promise((resolve) => {
    port.onmessage = ({ data }) => resolve(data);
    port.postMessage(null);
  });

let blocking, sleeper, empty;
const counts = new Int32Array(new SharedArrayBuffer(12)); // frames played, longest lag, late hops
let litter = [];

function startLoad() {
  blocking = setInterval(() => {
    const end = performance.now() + 200;
    while (performance.now() < end) litter.push(new Array(1000).fill(end));
    if (litter.length > 100_000) litter = [];
  }, 1000);
}

function stopLoad() {
  clearInterval(blocking);
}

/** In the same context as the denoiser: they are to have the same audio thread. */
async function startWitnesses() {
  const { context } = h;
  sleeper = new Worker(url(SLEEPER));
  await context.audioWorklet.addModule(url(EMPTY));
  empty = new AudioWorkletNode(context, 'empty', { processorOptions: counts });
  empty.connect(context.destination);
  const { CUSHION, HOP_LENGTH, RENDER_QUANTUM } = await import('/protocol.js');
  const allowed = CUSHION - HOP_LENGTH - 2 * RENDER_QUANTUM; // as the engine has
  new Worker(url(CONTROL)).postMessage({ counts, allowed });
}

/** The longest delay in ms since they were asked last, and how many were too long for the engine. */
async function readWitnesses() {
  const [thread, audio] = [await answer(sleeper), await answer(empty.port)];
  const [lag, nLong] = [Atomics.exchange(counts, 1, 0), Atomics.exchange(counts, 2, 0)];
  return { thread, audio, control: { longest: lag / 48, nLong } };
}

/** What was recorded since the last time. */
function takeRecording() {
  const taken = h.recording();
  h.sides = [[], []];
  return taken;
}

Object.assign(window, { startLoad, stopLoad, startWitnesses, readWitnesses, takeRecording });
