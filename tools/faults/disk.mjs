/** @file Disks that are full at a drawn byte or name, or may only be read from a drawn moment on. */
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { jobs } from './jobs.mjs';
import { expectMounts, mountMemory, remount, unmount } from './mounts.mjs';
import { drawn, sleep, start } from './programs.mjs';
import { compare, goOn, momentOf, trial } from './trial.mjs';

const PAGE = 4096;

/** What planewise says of a file when the disk is full or may only be read. */
const refusals = {
  full: /^planewise: .*\bout\b.*: could not be written: the disk is full\./m,
  readOnly: /^planewise: .*\bout\b.*: is on a read-only file system\./m,
};

const namesIn = (folder) => (existsSync(folder) ? readdirSync(folder, { recursive: true }) : []);

/** Pages and names that a job's files take. */
function takenBy(folder) {
  const names = namesIn(folder);
  const pages = names.map((name) => Math.max(1, Math.ceil(statSync(join(folder, name)).size / PAGE)));
  return { pages: pages.reduce((sum, count) => sum + count, 0), names: names.length };
}

/** The fault, in turn: too few bytes, too few names, and no writing from a moment on. */
function faultOf(name, facts) {
  const { i, seed, whole } = facts;
  const taken = takenBy(join(whole, 'out'));
  const share = (all) => 2 + Math.floor(all * drawn(seed, name, i, 'room'));
  if (i % 4 < 2) {
    const size = share(taken.pages) * PAGE;
    return { kind: 'full', words: `a disk of ${size} bytes`, options: `size=${size}` };
  }
  if (i % 4 === 2) {
    const inodes = share(taken.names);
    return { kind: 'full', words: `a disk of ${inodes} names`, options: `size=1g,nr_inodes=${inodes}` };
  }
  const moment = momentOf(name, i, facts);
  return { kind: 'readOnly', words: `read-only ${moment.words}`, options: 'size=1g', moment };
}

/** The system refuses for as long as a file is open for writing. */
async function makeReadOnly(folder, isOver) {
  while (!isOver()) {
    try {
      return remount(folder, 'ro');
    } catch {
      await sleep(1);
    }
  }
}

/** Files of the finished job that were there during this one, by name. */
async function watch(out, expected, isOver) {
  const seen = new Set();
  while (!isOver()) {
    for (const name of namesIn(out)) if (expected.has(name)) seen.add(name);
    await sleep(20);
  }
  return seen;
}

/** What is left must be all that was there, without drafts and locks where these can be removed. */
function judgeLeft(out, seen, kind) {
  const left = namesIn(out);
  const lost = [...seen].filter((name) => !left.includes(name));
  if (lost.length > 0) return `lost: ${lost.join(', ')}`;
  const drafts = left.filter((name) => /\.tmp$|running\.json/.test(name));
  return kind === 'full' && drafts.length > 0 ? `left: ${drafts.join(', ')}` : null;
}

async function fillDisk(name, folder, facts) {
  const { args, phase } = jobs[name];
  const { kind, words, options, moment } = faultOf(name, facts);
  const out = join(folder, 'out');
  mkdirSync(folder);
  mountMemory(folder, options);
  const { child, ended } = start(args, folder);
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  const watching = watch(out, facts.expected, isOver);
  if (moment) {
    await Promise.race([moment.wait(out, isOver), ended]);
    await makeReadOnly(folder, isOver);
  }
  const { code, said } = await ended;
  const seen = await watching;
  const reached = code === 0 ? 'was over' : phase(out);
  const untyped = code !== 0 && !refusals[kind].test(said) ? `ended with ${code}: ${said}` : null;
  let problem = untyped ?? judgeLeft(out, seen, kind);
  remount(folder, 'rw,size=1g,nr_inodes=1m');
  problem ??= code === 0 ? compare(folder, facts.expected) : await goOn(name, folder, facts);
  unmount(folder);
  return { words, phase: `${kind === 'full' ? 'full' : 'read-only'}, ${reached}`, problem };
}

/** Full and read-only disks under phantom, prepare, pretrain and predict. Throws Unavailable where none can be made. */
export async function diskCampaign({ only = ['phantom', 'prepare', 'pretrain', 'predict'], ...options }) {
  expectMounts('memory');
  return trial({ ...options, only }, fillDisk);
}
