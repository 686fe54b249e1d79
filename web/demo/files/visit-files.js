/** Files that last as long as the visit: on disk where the browser lets a page write, else in memory. */

const PREFIX = 'percepnet-visit-';

/**
 * @typedef {object} VisitFile
 * @property {(bytes: BufferSource) => Promise<void>} write at the end
 * @property {() => Promise<Blob>} finish
 * @property {() => Promise<void>} discard
 */

/** @type {Promise<FileSystemDirectoryHandle> | undefined} */
let whenFolder;
let nFiles = 0;

/** @returns {Promise<VisitFile>} */
export async function createFile() {
  try {
    whenFolder ??= openFolder();
    return await FileOnDisk.create(await whenFolder, String(nFiles++));
  } catch {
    return new FileInMemory(); // Firefox's private windows and older Safaris write nothing
  }
}

/**
 * A folder for this visit alone. Those of visits that have ended, which nobody locks, are removed.
 *
 * @returns {Promise<FileSystemDirectoryHandle>}
 */
async function openFolder() {
  const root = await navigator.storage.getDirectory();
  const own = PREFIX + crypto.randomUUID();
  await new Promise((granted) => {
    navigator.locks.request(own, () => new Promise(() => granted(undefined))); // as long as the page
  });
  const { held = [] } = await navigator.locks.query();
  const inUse = new Set(held.map(({ name }) => name));
  for await (const name of root.keys()) {
    if (name.startsWith(PREFIX) && !inUse.has(name)) await root.removeEntry(name, { recursive: true });
  }
  return root.getDirectoryHandle(own, { create: true });
}

class FileOnDisk {
  #folder;
  #handle;
  #stream;

  /**
   * @param {FileSystemDirectoryHandle} folder
   * @param {string} name
   */
  static async create(folder, name) {
    const handle = await folder.getFileHandle(name, { create: true });
    return new FileOnDisk(folder, handle, await handle.createWritable());
  }

  /**
   * Use `FileOnDisk.create`.
   *
   * @param {FileSystemDirectoryHandle} folder
   * @param {FileSystemFileHandle} handle
   * @param {FileSystemWritableFileStream} stream
   */
  constructor(folder, handle, stream) {
    this.#folder = folder;
    this.#handle = handle;
    this.#stream = stream;
  }

  /**
   * @param {BufferSource} bytes
   * @throws {Error} in words for the visitor
   */
  async write(bytes) {
    try {
      await this.#stream.write(/** @type {BufferSource & FileSystemWriteChunkType} */ (bytes));
    } catch (cause) {
      throw new Error('The result does not fit on the disk: make room there and try again.', { cause });
    }
  }

  async finish() {
    await this.#stream.close();
    return this.#handle.getFile();
  }

  async discard() {
    await this.#stream.abort();
    await this.#folder.removeEntry(this.#handle.name);
  }
}

class FileInMemory {
  /** @type {Blob[]} */
  #pieces = [];

  /** @param {BufferSource} bytes */
  async write(bytes) {
    this.#pieces.push(new Blob([/** @type {BlobPart} */ (bytes)]));
  }

  async finish() {
    return new Blob(this.#pieces);
  }

  async discard() {
    this.#pieces = [];
  }
}
