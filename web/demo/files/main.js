/** The page for files: they wait in a queue, each in a card. */

import { fetchFile } from '../../fetch-file.js';
import { ModelChoice } from '../model-choice.js';
import { Settings } from '../settings.js';
import { EnginePool } from './channel-engine.js';
import { FileCard } from './file-card.js';

const EXAMPLE_URL = new URL('../live/example.mp3', import.meta.url);

const drop = element('drop');
const chooser = /** @type {HTMLInputElement} */ (element('chooser'));
const list = element('files');
const settings = new Settings(() => {});
const modelChoice = new ModelChoice(() => {});
const pool = new EnginePool();
let queue = Promise.resolve();

/** @param {Iterable<File>} files */
function add(files) {
  for (const file of files) enqueue(new FileCard(file.name, async () => file));
}

/** @param {FileCard} card */
function enqueue(card) {
  list.append(card.element);
  queue = queue.then(() => card.run(pool, chosen()));
}

function chosen() {
  const { strength, attenuationLimitDb } = settings;
  return { strength, attenuationLimitDb, model: modelChoice.model };
}

function addExample() {
  enqueue(
    new FileCard('example.mp3', async () => {
      const response = await fetchFile(EXAMPLE_URL);
      return new File([await response.blob()], 'example.mp3');
    }),
  );
}

chooser.addEventListener('change', () => {
  add(chooser.files ?? []);
  chooser.value = ''; // the same file can be chosen again
});
element('try-example').addEventListener('click', addExample);

// Anywhere on the page: a file that misses the field would be opened in its place.
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  drop.toggleAttribute('data-over', true);
});
document.addEventListener('dragleave', ({ relatedTarget }) => {
  if (!relatedTarget) drop.toggleAttribute('data-over', false);
});
document.addEventListener('drop', (event) => {
  event.preventDefault();
  drop.toggleAttribute('data-over', false);
  add(event.dataTransfer?.files ?? []);
});

/** @param {string} id */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}
