/** @file A Slurm of three nodes on one machine, in a folder: its daemons started and stopped by a test. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const programs = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'scontrol', 'unshare'];
/** Their names. */
export const nodes: readonly string[] = ['node1', 'node2', 'node3'];
// daemons are where not everybody looks
const path = `${process.env.PATH}:/usr/sbin:/sbin`;

function missing(): string | null {
  const env = { ...process.env, PATH: path };
  const without = programs.filter(
    (name) => spawnSync('sh', ['-c', `command -v ${name}`], { env }).status !== 0,
  );
  if (without.length > 0)
    return `no ${without.join(', ')}: apt-get install slurmctld slurmd slurm-client munge`;
  if (process.getuid?.() !== 0) return 'its daemons are started by root alone';
  const named = spawnSync('unshare', ['--uts', 'hostname', nodes[0]!]);
  return named.status === 0 ? null : `nodes cannot be named: ${named.stderr}`.trim();
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
  /** Ends all that runs on a node, its daemon too, as a power cut does. */
  cutPower(node: string): void;
  stop(): Promise<void>;
}

/** What tells the processes of a node from others. */
const nameSpaceOf = (pid: number | string): string | null => {
  try {
    return readlinkSync(`/proc/${pid}/ns/uts`);
  } catch {
    return null;
  }
};

/** Starts one whose nodes have a core and a name each. Throws where it does not come up, with what its daemons say. */
export async function startSlurm(folder: string): Promise<Slurm> {
  const at = (name: string): string => join(folder, name);
  for (const name of ['state', ...nodes]) mkdirSync(at(name));
  writeFileSync(at('munge.key'), randomBytes(1024), { mode: 0o400 });
  const host = hostname().split('.')[0];
  const ports = await Promise.all(nodes.map(freePort));
  const nodeLines = nodes.map(
    (name, i) =>
      `NodeName=${name} NodeHostname=${name} NodeAddr=127.0.0.1 Port=${ports[i]} CPUs=1 State=UNKNOWN`,
  );
  writeFileSync(
    at('slurm.conf'),
    `ClusterName=test
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${await freePort()}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
# five seconds: a job that is put back begins again after so long
AuthInfo=socket=${at('munge.sock')},cred_expire=5
CredType=cred/munge
StateSaveLocation=${at('state')}
SlurmdSpoolDir=${at('%n')}
SlurmctldPidFile=${at('slurmctld.pid')}
SlurmdPidFile=${at('%n.pid')}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
# seconds after which a node that says nothing is down
SlurmdTimeout=10
JobRequeue=1
KillWait=2
# ended jobs can be asked about for so long
MinJobAge=3600
SchedulerParameters=sched_interval=2,bf_interval=1
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
${nodeLines.join('\n')}
PartitionName=main Nodes=${nodes.join(',')} Default=YES MaxTime=INFINITE State=UP
`,
  );
  const env = { ...process.env, PATH: path, SLURM_CONF: at('slurm.conf') };
  const children: ChildProcess[] = [];
  let said = '';
  const start = (program: string, ...args: string[]): ChildProcess => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    children.push(child);
    return child;
  };
  const daemons = new Map<string, ChildProcess>();
  const cutPower = (node: string): void => {
    const space = nameSpaceOf(daemons.get(node)!.pid!);
    if (space === null || space === nameSpaceOf('self')) throw new Error(`${node} is not up`);
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
      if (nameSpaceOf(pid) === space) process.kill(Number(pid), 'SIGKILL');
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
  for (const node of nodes) {
    const script = `hostname ${node}; exec slurmd -D -f '${at('slurm.conf')}' -N ${node}`;
    daemons.set(node, start('unshare', '--uts', 'sh', '-c', script));
  }
  for (let tries = 0; tries < 60; tries++) {
    const sinfo = spawnSync('sinfo', ['--noheader', '--Node', '--format=%N %T'], { env, encoding: 'utf8' });
    if (nodes.every((node) => sinfo.stdout.includes(`${node} idle`))) return { env, cutPower, stop };
    await sleep(500);
  }
  await stop();
  throw new Error(`Slurm did not come up:\n${said}`);
}
