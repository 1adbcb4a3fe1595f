/** @file An experiment on the nodes of a real Slurm: killed, told to end, out of time, a node lost, and the same report at last. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { slow } from '../../slow.ts';
import { nodes, type Slurm, startSlurm, withoutSlurm } from '../../slurm.ts';
import { tiny, withoutTimes } from './tiny.ts';

const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
const MINUTES = 60_000;
let folder = '';
let slurm: Slurm | null = null;
let unable = '';
const at = (...names: string[]): string => join(folder, ...names);
const read = (...names: string[]): Promise<string> => readFile(at(...names), 'utf8');

/** The third task hangs before its run, once: deaf to signals, it stays until Slurm ends it. */
const hang = `if [ "$SLURM_ARRAY_TASK_ID" = 3 ] && [ ! -e frozen ]; then touch frozen; trap '' TERM; exec sleep 1000; fi`;

const content = {
  ...tiny,
  steps: [4],
  seeds: [1, 2, 3],
  slurm: { time: '00:20:00', grace: 30, resubmissions: 2, setup: [hang] },
};

beforeAll(async () => {
  if (!slow || withoutSlurm !== null) return;
  folder = await mkdtemp(join(tmpdir(), 'planewise-slurm-'));
  await mkdir(at('daemons'));
  await writeFile(at('e.json'), JSON.stringify(content));
  slurm = await startSlurm(at('daemons')).catch((error: Error) => {
    unable = error.message;
    return null;
  });
}, 2 * MINUTES);

afterAll(async () => {
  await slurm?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
}, MINUTES);

const said = (...command: string[]): string =>
  spawnSync(command[0]!, command.slice(1), { env: slurm!.env, encoding: 'utf8' }).stdout;

async function experiment(out: string, ...more: string[]): Promise<string> {
  const args = [cli, 'experiment', at('e.json'), '--out', at(out), ...more];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
    env: slurm!.env,
    cwd: folder,
  });
  return stdout + stderr;
}

/** The process that has a run, once one has; its node, and its job. */
async function holderOf(run: string): Promise<{ host: string; pid: number; job: string }> {
  for (;;) {
    try {
      return JSON.parse(readFileSync(at('slurm out', run, 'running.json'), 'utf8'));
    } catch {
      await sleep(20);
    }
  }
}

/** Has Slurm tell a job's shell to end, as before its limit of time. */
async function tellToEnd({ job }: { readonly job: string }): Promise<void> {
  const command = ['--batch', '--signal=TERM', job];
  // of a job that is just starting it asks again and again, when once was enough
  await promisify(execFile)('scancel', command, { env: slurm!.env, timeout: 3000 }).catch(() => {});
}

async function untilThere(name: string): Promise<void> {
  while (!existsSync(at(name))) await sleep(100);
}

async function emptyQueue(): Promise<void> {
  while (said('squeue', '--noheader').trim() !== '') await sleep(500);
}

/** What the log of a run says. */
async function logOf(run: string): Promise<string> {
  const root = at('slurm out', 'slurm', '1');
  const [task] = (await readFile(join(root, 'runs.tsv'), 'utf8'))
    .split('\n')
    .find((line) => line.split('\t')[1] === run)!
    .split('\t');
  const name = (await readdir(join(root, 'logs'))).find((one) => one.endsWith(`_${task}.txt`))!;
  return readFile(join(root, 'logs', name), 'utf8');
}

describe.skipIf(!slow || withoutSlurm !== null)(`Slurm${withoutSlurm ? ` (${withoutSlurm})` : ''}`, () => {
  it(
    'makes twelve points after their pretraining, one killed, one told to end, one out of time, one on a node that is lost, and reports as this machine does',
    async (context) => {
      if (!slurm) return context.skip(`Slurm does not start here: ${unable}`);
      expect(await experiment('local')).toContain('Report: ');
      const killed = 'pretrained/pretrained_seed-1';
      const told = 'points/scratch_labelled-2_steps-4_seed-1';
      const lost = 'points/scratch_labelled-2_steps-4_seed-2';
      const submitted = await experiment('slurm out', '--executor', 'slurm');
      expect(submitted).toMatch(/^14 tasks submitted as 4 jobs: 1, 2, 3 and 4$/m);
      expect(await experiment('slurm out', '--executor', 'slurm')).toMatch(
        /14 tasks of earlier submissions are still in the queue/,
      );
      await Promise.all([
        holderOf(killed).then(({ pid }) => process.kill(pid, 'SIGKILL')),
        holderOf(told).then(tellToEnd),
        holderOf(lost).then(({ host }) => slurm!.cutPower(host)),
        untilThere('frozen').then(() => said('scontrol', 'update', 'JobId=3_3', 'TimeLimit=1')),
      ]);
      await emptyQueue();
      for (const run of [killed, told])
        expect(await logOf(run)).toMatch(/back into the queue[\s\S]*resubmissions so far: 1/);
      expect(await logOf(killed)).toContain('ended with code 137');
      // of which Slurm heard nothing more: it went on elsewhere, where its lock is another host's
      const [node, next] = [...(await logOf(lost)).matchAll(/ on (node\d),/g)].map(([, name]) => name);
      expect(await logOf(lost)).toMatch(/resubmissions so far: 0\s[\s\S]*resubmissions so far: 1\s/);
      expect(await logOf(lost)).not.toContain('back into the queue');
      expect(said('sinfo', '--noheader', `--nodes=${node}`, '--format=%T')).toContain('down');
      expect(nodes.filter((name) => name !== node)).toContain(next);
      expect(said('scontrol', 'show', 'job', '3_3')).toContain('JobState=TIMEOUT');
      // it was ended before it could go back by itself
      expect(JSON.parse(await read('slurm out', 'results.json'))).toMatchObject({
        planned: 12,
        finished: 11,
      });
      expect(await experiment('slurm out', '--executor', 'slurm')).toMatch(/^2 tasks submitted as 2 jobs/m);
      await emptyQueue();
      for (const name of ['results.json', 'results.csv', 'subjects.json'])
        expect(await read('slurm out', name), name).toBe(await read('local', name));
      expect(withoutTimes(await read('slurm out', 'report.html'))).toBe(
        withoutTimes(await read('local', 'report.html')),
      );
      expect(JSON.parse(await read('slurm out', 'results.json'))).toMatchObject({
        planned: 12,
        finished: 12,
      });
    },
    20 * MINUTES,
  );
});
