/** @file The licences of other people's code that a build holds, in one text. */
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageFolders } from './packages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Modules of this project that hold a package's code, and the package. */
const copies = { 'src/report/uplot.gen.ts': 'uplot' };

/** Packages that hold, compiled, libraries under other licences than their own, and what tells these. */
const compiled = [
  { packages: /^@cornerstonejs\/codec-/, file: 'decoders.txt' },
  { packages: /^@sparticuz\/chromium$/, file: 'swiftshader.txt' },
];

/** Packages that come without a licence's text, and one out of the same repository, which has one, that comes with it. */
const siblings = {
  '@cornerstonejs/codec-libjpeg-turbo-8bit': '@cornerstonejs/codec-charls',
  '@cornerstonejs/codec-openjpeg': '@cornerstonejs/codec-charls',
};

/** Package of a file that esbuild put into a bundle, if it is of one. */
export function packageOf(path) {
  const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
  return name ?? copies[path];
}

const manifestOf = async (name) =>
  JSON.parse(await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8'));

/** Name, version, kind and text of a package's licence. @throws Error where it has no text */
async function licenseOf(name) {
  const { name: title, version, license } = await manifestOf(name);
  const source = siblings[name] ?? name;
  const repository = async (of) => (await manifestOf(of)).repository.url;
  if (source !== name && (await repository(source)) !== (await repository(name)))
    throw new Error(`${name} has left the repository of ${source}, whose licence it was given.`);
  const folder = join(root, 'node_modules', source);
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort();
  if (files.length === 0)
    throw new Error(`${name} ${version} has no licence file: see whether it may be bundled.`);
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  const whose = source === name ? '' : `; it comes without a text, this is its repository's`;
  return `${title} ${version} (${license}${whose})\n\n${texts.map((text) => text.trim()).join('\n\n')}\n`;
}

/**
 * The licences of packages, by their paths in node_modules, and of what is compiled into them.
 * @throws Error naming a package without one
 */
export async function licensesOf(packages) {
  const names = [...new Set(packages)].sort();
  const texts = await Promise.all(names.map(licenseOf));
  for (const { packages: holders, file } of compiled)
    if (names.some((name) => holders.test(name)))
      texts.push(await readFile(join(root, 'tools', file), 'utf8'));
  return `planewise holds code of these packages.\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`;
}

/** Packages and all that they depend on, by their paths in node_modules. @throws Error naming one that is not installed */
export async function neededBy(names) {
  return (await packageFolders(root, names)).map((folder) => relative(join(root, 'node_modules'), folder));
}

/**
 * What a production install holds: name, version and licence of each package, as its own manifest says.
 * @throws Error naming one that is not installed or says no licence
 */
export async function productionLicenses() {
  const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const manifests = (await packageFolders(root, Object.keys(dependencies))).map(async (folder) => {
    const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    if (!license) throw new Error(`${name} ${version} says no licence: see whether it may be used.`);
    return { name, version, license };
  });
  return (await Promise.all(manifests)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const { name, version, license } of await productionLicenses())
    console.log(`${name} ${version}: ${license}`);
