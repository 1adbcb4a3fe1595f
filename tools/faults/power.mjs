/** @file Cuts the power of jobs: what was on the disk in a moment is all that is left, and its journal is replayed. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { jobs } from './jobs.mjs';
import { expectMounts, frozen, makeImage, mountImage, unmount } from './mounts.mjs';
import { remove, start } from './programs.mjs';
import { compare, goOn, momentOf, trial } from './trial.mjs';

/** How the file system is mounted, in turn: as it comes, and without what it does for programs that sync too little. */
const manners = [[], ['noauto_da_alloc'], ['noauto_da_alloc', 'data=writeback']];

/** When even what was left to the system must have been written by the job itself. */
const atTheEnd = { words: 'once it was over', wait: () => new Promise(() => {}) };

/** That it was removed may not have reached the disk: then its process is found to be gone. */
const LOCK = 'running.json';

/** MiB of the disk, and of the one around it. */
const [DISK, AROUND] = [48, 80];

/**
 * One power cut. The job writes into a file system in an image, which lies in a second file system; that one is frozen,
 * so that no write reaches the image while it is copied, and none is seen by half. The copy is what a disk would hold.
 */
async function cutPower(name, scratch, facts) {
  const { args, phase } = jobs[name];
  const { i, times } = facts;
  const manner = manners[i % manners.length];
  const moment = i === times - 1 ? atTheEnd : momentOf(name, i, facts);
  // jobs read what lies beside their folder
  const folder = `${scratch}-disk`;
  const [around, outer, copy] = ['around', 'around.img', 'disk.img'].map((part) => join(scratch, part));
  const image = join(around, 'disk.img');
  mkdirSync(scratch);
  makeImage(outer, AROUND);
  mountImage(outer, around);
  makeImage(image, DISK);
  mountImage(image, folder, 'commit=1', ...manner);
  const { child, ended } = start(args, folder);
  await Promise.race([moment.wait(join(folder, 'out'), () => child.exitCode !== null), ended]);
  const over = child.exitCode !== null;
  frozen(around, () => copyFileSync(image, copy));
  child.kill('SIGKILL');
  const { code, said } = await ended;
  for (const place of [folder, around]) unmount(place);
  const words = `power cut ${moment.words}, mounted ${['commit=1', ...manner].join()}`;
  if (over && code !== 0) return { words, phase: 'failed', problem: said };
  // what fails must be found as it was left
  copyFileSync(copy, outer);
  mountImage(outer, folder);
  const reached = over ? 'was over' : phase(join(folder, 'out'));
  const problem = over ? compare(folder, facts.expected, LOCK) : await goOn(name, folder, facts);
  unmount(folder);
  remove(folder);
  return { words, phase: reached, problem };
}

/** Power cuts of phantom, prepare and pretrain. Throws Unavailable where no image can be mounted. */
export async function powerCampaign({ only = ['phantom', 'prepare', 'pretrain'], ...options }) {
  expectMounts('image');
  return trial({ ...options, only }, cutPower);
}
