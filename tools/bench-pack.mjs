/** @file Packs the measuring kit for a machine without Node and without a network: `npm run bench:pack -- FOLDER`. */
import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildBench } from './bench-build.mjs';
import { buildForms } from './forms-build.mjs';
import { packageFolders } from './packages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = resolve(process.argv[2] ?? 'dist/bundle');

/** What Dawn and an NVIDIA driver load, with what these need in turn. */
const libraries = [
  ...['libvulkan1', 'libegl1', 'libglvnd0', 'libopengl0', 'libgl1', 'libglx0', 'libgles2'],
  ...['libx11-6', 'libxext6', 'libxcb1', 'libxau6', 'libxdmcp6', 'libbsd0', 'libmd0'],
];

function run(command, args, options = {}) {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? stderr}`);
}

const exists = (path) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Other platforms' drivers, and what no program reads. */
const left = [/webgpu\/dist\/(?!linux-x64)[^/]+$/, /\.(map|md|flow|d\.[cm]?ts|d\.ts\.map)$/];

async function copyPackages(top, to) {
  const { dependencies } = JSON.parse(await readFile(join(top, 'package.json'), 'utf8'));
  for (const folder of await packageFolders(top, Object.keys(dependencies))) {
    const target = join(to, folder.slice(top.length));
    const filter = (path) => {
      const inside = path.slice(folder.length);
      return !/^\/node_modules/.test(inside) && !left.some((pattern) => pattern.test(path));
    };
    await cp(folder, target, { recursive: true, filter });
  }
}

/** It unpacks where there is neither xz nor Python. */
const unpacker = 'busybox-static';

/** MiB that a kit may have. */
const MOST_MIB = 60;

/** The libraries of Debian's packages, laid side by side, and the unpacker; without apt-get there are none. */
async function copyLibraries(to, busybox) {
  const folder = await mkdtemp(join(tmpdir(), 'planewise-libraries-'));
  try {
    const done = [...libraries, unpacker].filter(
      (name) => spawnSync('apt-get', ['download', name], { cwd: folder }).status === 0,
    );
    const missing = [...libraries, unpacker].filter((name) => !done.includes(name));
    if (missing.length > 0)
      console.error(`apt-get could not fetch ${missing.join(', ')}: the other machine must have them.`);
    for (const file of (await readdir(folder)).filter((name) => name.endsWith('.deb')))
      run('dpkg-deb', ['-x', join(folder, file), join(folder, 'unpacked')]);
    const lib = join(folder, 'unpacked', 'usr', 'lib', 'x86_64-linux-gnu');
    if (await exists(lib))
      await cp(lib, to, { recursive: true, verbatimSymlinks: true, filter: (path) => !/\/dri$/.test(path) });
    const programs = ['bin', 'usr/bin'].map((bin) => join(folder, 'unpacked', bin, 'busybox'));
    for (const program of programs) if (await exists(program)) await cp(program, busybox);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What results.json says of where the kit is from. */
function origin() {
  const git = (...args) => spawnSync('git', ['-C', root, ...args], { encoding: 'utf8' }).stdout?.trim() ?? '';
  const changed = git('status', '--porcelain', '--untracked-files=no') ? ' and changes' : '';
  return `commit ${git('rev-parse', '--short', 'HEAD') || 'unknown'}${changed}, packed ${new Date().toISOString()}`;
}

/** The lab's newest results: what its model says stands beside what is measured. */
async function copyModel(to) {
  const from = join(root, 'bench/results');
  const newest = (await readdir(from))
    .filter((name) => /^gpulab-.*\.json$/.test(name))
    .sort()
    .at(-1);
  if (newest) await cp(join(from, newest), join(to, 'bench/results', newest), { recursive: true });
}

async function pack() {
  await buildBench();
  await buildForms();
  const staging = await mkdtemp(join(tmpdir(), 'planewise-bundle-'));
  try {
    await rm(out, { recursive: true, force: true });
    await mkdir(out, { recursive: true });
    const filter = (path) => !/__pycache__|\.map$|\.d\.ts$/.test(path);
    for (const path of ['bench/torch', 'builtin', 'package.json'])
      await cp(join(root, path), join(staging, path), { recursive: true, filter });
    for (const name of await readdir(join(root, 'dist')))
      if (!['web', 'bundle', 'gpulab'].includes(name))
        await cp(join(root, 'dist', name), join(staging, 'dist', name), { recursive: true, filter });
    await writeFile(join(staging, 'dist/pack.txt'), origin());
    await copyModel(staging);
    await copyPackages(root.replace(/\/$/, ''), staging);
    // Here, too, nothing is installed around it: what a program imports and the kit lacks is told now.
    for (const program of ['dist/cli.js', 'dist/bench/main.js'])
      run(process.execPath, [join(staging, program), '--help']);
    await copyLibraries(join(staging, 'lib'), join(out, 'busybox'));
    run('tar', ['-C', staging, '-I', 'xz -6 -T2', '-cf', join(out, 'programs.tar.xz'), '.']);
    run('sh', ['-c', `xz -6 -T2 -c '${process.execPath}' > '${join(out, 'node.xz')}'`]);
    await cp(join(root, 'bench/bundle/run.sh'), join(out, 'run.sh'));
    await chmod(join(out, 'run.sh'), 0o755);
    const sizes = await Promise.all(
      (await readdir(out)).map(async (name) => (await stat(join(out, name))).size),
    );
    const mebibytes = Math.ceil(sizes.reduce((a, b) => a + b) / 2 ** 20);
    if (mebibytes >= MOST_MIB) throw new Error(`${out} has ${mebibytes} MiB, not less than ${MOST_MIB}.`);
    console.log(`Packed ${out}: ${mebibytes} MiB. Copy it and run run.sh in it.`);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

try {
  await pack();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
