/**
 * Put compressed files next to those that are worth it: F.br and F.gz for hosts to choose from.
 *
 *     node compress.mjs SITE CACHE
 *
 * CACHE: folder that holds what was compressed before; what the site no longer uses is removed.
 */

import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const WORTH_IT = 0.95; // of the size

/** @type {Record<string, (content: Buffer) => Promise<Buffer>>} */
const FORMATS = {
  br: (content) =>
    promisify(brotliCompress)(content, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
        [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
      },
    }),
  gz: (content) => promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION }),
};

const [site, cache] = process.argv.slice(2);
await mkdir(cache, { recursive: true });
const paths = (await readdir(site, { recursive: true })).map((path) => join(site, path));
const files = paths.filter((path) => statSync(path).isFile());
const used = (await Promise.all(files.map(compress))).flat();
for (const name of await readdir(cache)) {
  if (!used.includes(name)) await rm(join(cache, name));
}

/**
 * @param {string} file
 * @returns {Promise<string[]>} what it uses of the cache
 */
async function compress(file) {
  const content = await readFile(file);
  const sha256 = createHash('sha256').update(content).digest('hex');
  return Promise.all(
    Object.entries(FORMATS).map(async ([suffix, pack]) => {
      const name = `${sha256}.${suffix}`;
      const packed = join(cache, name);
      if (!existsSync(packed)) {
        const part = `${file}.${suffix}`;
        await writeFile(part, await pack(content));
        await rename(part, packed);
      }
      if (statSync(packed).size < WORTH_IT * content.length) await copyFile(packed, `${file}.${suffix}`);
      return name;
    }),
  );
}
