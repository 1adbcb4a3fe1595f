/** @file A Slurm of one machine in a folder: its daemons started and stopped by a test. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const programs = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'scontrol'];
// daemons are where not everybody looks
const path = `${process.env.PATH}:/usr/sbin:/sbin`;

function missing(): string | null {
  const env = { ...process.env, PATH: path };
  const without = programs.filter(
    (name) => spawnSync('sh', ['-c', `command -v ${name}`], { env }).status !== 0,
  );
  if (without.length > 0)
    return `no ${without.join(', ')}: apt-get install slurmctld slurmd slurm-client munge`;
  return process.getuid?.() === 0 ? null : 'its daemons are started by root alone';
}

/** Why nothing of Slurm can be tested here; null: it can, as far as one can tell without starting it. */
export const withoutSlurm: string | null = missing();

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((done) =>
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    }),
  );
}

export interface Slurm {
  /** What Slurm's commands find it by. */
  readonly env: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

/** Starts one with two cores. Throws where it does not come up, with what its daemons say. */
export async function startSlurm(folder: string): Promise<Slurm> {
  const at = (name: string): string => join(folder, name);
  for (const name of ['state', 'spool']) mkdirSync(at(name));
  writeFileSync(at('munge.key'), randomBytes(1024), { mode: 0o400 });
  const host = hostname().split('.')[0];
  writeFileSync(
    at('slurm.conf'),
    `ClusterName=test
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${await freePort()}
SlurmdPort=${await freePort()}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
# five seconds: a job that is put back begins again after so long
AuthInfo=socket=${at('munge.sock')},cred_expire=5
CredType=cred/munge
StateSaveLocation=${at('state')}
SlurmdSpoolDir=${at('spool')}
SlurmctldPidFile=${at('slurmctld.pid')}
SlurmdPidFile=${at('slurmd.pid')}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
JobRequeue=1
KillWait=2
# ended jobs can be asked about for so long
MinJobAge=3600
SchedulerParameters=sched_interval=2,bf_interval=1
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
NodeName=${host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=main Nodes=${host} Default=YES MaxTime=INFINITE State=UP
`,
  );
  const env = { ...process.env, PATH: path, SLURM_CONF: at('slurm.conf') };
  const children: ChildProcess[] = [];
  let said = '';
  const start = (program: string, ...args: string[]): void => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    children.push(child);
  };
  const stop = async (): Promise<void> => {
    spawnSync('scancel', ['--me'], { env });
    for (const child of children.reverse()) {
      const ended = new Promise((done) => child.on('exit', done));
      if (child.exitCode !== null) continue;
      child.kill('SIGTERM');
      await Promise.race([ended, sleep(5000)]);
      child.kill('SIGKILL');
    }
  };
  const files = [
    ...[`--key-file=${at('munge.key')}`, `--socket=${at('munge.sock')}`, `--pid-file=${at('munged.pid')}`],
    ...[`--log-file=${at('munged.log')}`, `--seed-file=${at('munged.seed')}`],
  ];
  start('munged', '--foreground', '--force', ...files);
  while (!existsSync(at('munge.sock')) && children[0]!.exitCode === null) await sleep(50);
  start('slurmctld', '-D', '-f', at('slurm.conf'));
  await sleep(1000);
  start('slurmd', '-D', '-f', at('slurm.conf'), '-N', host!);
  for (let tries = 0; tries < 60; tries++) {
    if (/idle/.test(spawnSync('sinfo', ['--noheader', '--format=%T'], { env }).stdout.toString()))
      return { env, stop };
    await sleep(500);
  }
  await stop();
  throw new Error(`Slurm did not come up:\n${said}`);
}
