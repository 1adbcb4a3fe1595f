/** @file File systems for the faults of disks: in memory, and in an image file; only root may mount them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The system does not allow what a campaign needs. */
export class Unavailable extends Error {}

const run = (command, ...args) => execFileSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });

const mounted = [];
process.on('exit', () => {
  for (const folder of mounted) spawnSync('umount', ['--lazy', folder]);
});

function mount(folder, ...args) {
  mkdirSync(folder, { recursive: true });
  run('mount', ...args, folder);
  mounted.unshift(folder);
}

export function unmount(folder) {
  run('umount', folder);
  mounted.splice(mounted.indexOf(folder), 1);
}

/** @param options as of mount(8), such as `size=1m` */
export const mountMemory = (folder, options) => mount(folder, '-t', 'tmpfs', '-o', options, 'tmpfs');

export const remount = (folder, options) => run('mount', '-o', `remount,${options}`, folder);

/** An ext4 file system of so many MiB in a file. */
export function makeImage(file, mib) {
  rmSync(file, { force: true });
  run('truncate', '-s', `${mib}M`, file);
  run('mkfs.ext4', '-q', '-F', file);
}

/** @param options as of mount(8), beside `loop` */
export const mountImage = (file, folder, ...options) =>
  mount(folder, '-o', ['loop', ...options].join(), file);

/** Does something while nothing is written into a file system, its images of other file systems included. */
export function frozen(folder, work) {
  run('fsfreeze', '--freeze', folder);
  try {
    return work();
  } finally {
    run('fsfreeze', '--unfreeze', folder);
  }
}

/** Why images, or file systems in memory, cannot be mounted here; null where they can. */
export function whyNoMounts(kind) {
  const scratch = mkdtempSync(join(tmpdir(), 'planewise-mounts-'));
  const folder = join(scratch, 'mounted');
  try {
    if (kind === 'memory') mountMemory(folder, 'size=64k');
    else {
      makeImage(join(scratch, 'image'), 8);
      mountImage(join(scratch, 'image'), folder);
      frozen(folder, () => {});
    }
    unmount(folder);
    return null;
  } catch (error) {
    const said = String(error.stderr ?? '').trim() || error.message;
    return `${kind === 'memory' ? 'a file system in memory' : 'an image of ext4'} cannot be mounted: ${said}`;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Throws Unavailable with the reason. */
export function expectMounts(kind) {
  const reason = whyNoMounts(kind);
  if (reason !== null) throw new Unavailable(`${reason}. Run this as root on Linux.`);
}
