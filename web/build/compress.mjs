// Writes `.gz` and `.br` beside every compressible file of the built pages, so that the server sends bytes as they lie.
// A copy that is not smaller than its original is left out.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { outputFolder } from './output.mjs';

const COMPRESSIBLE = new Set(['.html', '.js', '.css', '.json', '.svg', '.txt', '.webmanifest']);

/** Brotli's best: a third less than level 9 for the base map. */
const BROTLI_QUALITY = 11;

const encoders = {
  '.gz': (bytes) => promisify(gzip)(bytes, { level: 9 }),
  '.br': (bytes) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }),
};

const entries = await readdir(outputFolder, { recursive: true, withFileTypes: true });
const files = entries.filter((entry) => entry.isFile() && COMPRESSIBLE.has(extname(entry.name)));
await Promise.all(files.map((entry) => compress(join(entry.parentPath, entry.name))));

async function compress(path) {
  const bytes = await readFile(path);
  for (const [suffix, encode] of Object.entries(encoders)) {
    const smaller = await encode(bytes);
    if (smaller.length < bytes.length) await writeFile(path + suffix, smaller);
  }
}
