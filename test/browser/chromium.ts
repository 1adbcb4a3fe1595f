/** @file The browser the tests run in: headless Chromium from npm with its own SwiftShader, unpacked once into the cache folder. */
import { createReadStream, createWriteStream, existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { extract } from 'tar-fs';
import { cacheFolder } from '../../src/tensor/cachefolder.node.ts';

const packageFolder = join(
  dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')),
  '..',
  '..',
);
const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
  version: string;
};
const folder = join(cacheFolder(), `chromium-${version}`);
/** Names the unpacked fonts: a bare machine has none, and the archive's own file looks for them elsewhere. */
const fontsFile = join(folder, 'fonts-here.conf');

/** What Playwright starts it with. The shared libraries it needs (NSS, expat) are among the unpacked files. */
export const launchOptions = {
  executablePath: join(folder, 'chromium'),
  args: [
    '--no-sandbox',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    // a software adapter may be at one thing for longer than a GPU's watchdog waits
    '--disable-gpu-watchdog',
    '--enable-unsafe-webgpu',
    '--use-webgpu-adapter=swiftshader',
  ],
  env: { ...process.env, LD_LIBRARY_PATH: join(folder, 'lib'), FONTCONFIG_FILE: fontsFile },
};

async function unpack(name: string, into: string): Promise<void> {
  const archive = join(packageFolder, 'bin', name);
  const target = name.endsWith('.tar.br')
    ? extract(into)
    : createWriteStream(join(into, name.replace('.br', '')), { mode: 0o755 });
  await pipeline(createReadStream(archive), createBrotliDecompress(), target);
}

/** Vitest calls this before the browser starts. */
export async function setup(): Promise<void> {
  if (!existsSync(folder)) await unpackAll();
  const [fonts, cache] = [join(folder, 'fonts'), join(folder, 'fonts-cache')];
  await writeFile(fontsFile, `<fontconfig><dir>${fonts}</dir><cachedir>${cache}</cachedir></fontconfig>\n`);
}

async function unpackAll(): Promise<void> {
  const partial = `${folder}.${process.pid}`;
  await mkdir(partial, { recursive: true });
  const archives = ['chromium.br', 'swiftshader.tar.br', 'al2023.tar.br', 'fonts.tar.br'];
  await Promise.all(archives.map((name) => unpack(name, partial)));
  // Another process may have finished first: its copy is as good.
  await rename(partial, folder).catch(() => rm(partial, { recursive: true, force: true }));
}
