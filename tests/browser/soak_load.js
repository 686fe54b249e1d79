/** In the page: the load, and two witnesses that do nothing else than be on time. */

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
  constructor() {
    super();
    this.port.onmessage = () => {
      const { longest, nLong } = this;
      this.port.postMessage({ longest, nLong });
      this.longest = this.nLong = 0;
    };
  }
  process() {
    const gap = this.last ? Date.now() - this.last : 0;
    this.longest = Math.max(this.longest, gap);
    if (gap > 21) this.nLong++; // more than the cushion holds
    this.last = Date.now();
    return true;
  }
});`;

const url = (script) => URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
const answer = (port) =>
  new Promise((resolve) => {
    port.onmessage = ({ data }) => resolve(data);
    port.postMessage(null);
  });

let blocking, sleeper, empty;
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

async function startWitnesses() {
  sleeper = new Worker(url(SLEEPER));
  const context = new AudioContext({ sampleRate: 48000 });
  await context.audioWorklet.addModule(url(EMPTY));
  empty = new AudioWorkletNode(context, 'empty');
  empty.connect(context.destination);
}

/** The longest delay since they were asked last, and how many were too long for the engine. */
async function readWitnesses() {
  const [thread, audio] = [await answer(sleeper), await answer(empty.port)];
  return { thread, audio };
}

/** What was recorded since the last time. */
function takeRecording() {
  const taken = h.recording();
  h.sides = [[], []];
  return taken;
}

Object.assign(window, { startLoad, stopLoad, startWitnesses, readWitnesses, takeRecording });
