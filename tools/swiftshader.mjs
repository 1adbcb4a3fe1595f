/**
 * @file Makes dist/swiftshader, the embedded adapter: SwiftShader and a Vulkan loader out of the browser that the tests
 * run in, each compressed by itself. The browser is 66 MB, this 2.
 */
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, createBrotliDecompress, constants as zlib } from 'node:zlib';
import { extract } from 'tar-fs';

const root = fileURLToPath(new URL('..', import.meta.url));
const chromium = join(root, 'node_modules', '@sparticuz', 'chromium');
const to = join(root, 'dist', 'swiftshader');

/** What Dawn loads; the archive has SwiftShader's OpenGL beside it. */
const files = ['libvk_swiftshader.so', 'libvulkan.so.1', 'vk_swiftshader_icd.json'];

async function compressed(bytes) {
  const params = { [zlib.BROTLI_PARAM_QUALITY]: 9, [zlib.BROTLI_PARAM_LGWIN]: 24 };
  return promisify(brotliCompress)(bytes, { params });
}

async function make(version) {
  await mkdir(join(root, 'dist'), { recursive: true });
  const partial = await mkdtemp(`${to}.`);
  try {
    const [archive, made] = [join(partial, 'archive'), join(partial, 'made')];
    await mkdir(made);
    const packed = createReadStream(join(chromium, 'bin', 'swiftshader.tar.br'));
    await pipeline(packed, createBrotliDecompress(), extract(archive));
    for (const name of files)
      await writeFile(join(made, `${name}.br`), await compressed(await readFile(join(archive, name))));
    await writeFile(join(made, 'version'), version);
    await rm(to, { recursive: true, force: true });
    // Another build may have finished in between: its files are as good.
    await rename(made, to).catch((error) => {
      if (!['EEXIST', 'ENOTEMPTY'].includes(error.code)) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

const { version } = JSON.parse(await readFile(join(chromium, 'package.json'), 'utf8'));
if ((await readFile(join(to, 'version'), 'utf8').catch(() => '')) !== version) await make(version);
