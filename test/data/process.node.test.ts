/** @file Which process this is, where the system has no /proc: its number and host are all that is known. */
import { hostname } from 'node:os';
import { expect, it, vi } from 'vitest';
import { ownMark, presenceOf } from '../../src/data/files/process.node.ts';

vi.mock('node:fs', async (original) => {
  const none = (path: string): never => {
    throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
  };
  return { ...(await original<typeof import('node:fs')>()), readFileSync: none, readlinkSync: none };
});

it('a process that the system tells nothing of is there while its number is', () => {
  vi.stubEnv('SLURM_JOB_ID', undefined);
  const own = ownMark();
  expect(own).toEqual({
    host: hostname(),
    pid: process.pid,
    started: null,
    machine: null,
    boot: null,
    space: null,
    job: null,
    start: null,
  });
  expect(presenceOf(own)).toBe('there');
  expect(presenceOf({ ...own, host: `not ${own.host}` })).toBe('elsewhere');
});
