/** @file Two hosts on one machine: namespaces with a name, a network and mounts of their own, and a wire between them. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withoutMpi } from './mpi.ts';

const addresses = { a: '10.17.0.1', b: '10.17.0.2' };
export type HostName = keyof typeof addresses;
const hostNames = Object.keys(addresses) as HostName[];

function missing(): string | null {
  if (withoutMpi) return withoutMpi;
  const without = ['ip', 'unshare', 'nsenter'].filter((name) => spawnSync(name, ['-V']).status !== 0);
  if (without.length > 0) return `no ${without.join(', ')}: apt-get install iproute2 util-linux`;
  const tried = spawnSync('unshare', [
    ...['--net', '--uts', '--mount', 'sh', '-c'],
    'hostname a && ip link add eth0 type veth peer name eth1 && mount -t tmpfs none /mnt',
  ]);
  return tried.status === 0 ? null : `namespaces cannot be made: ${tried.stderr}`.trim();
}

/** Why no hosts can be made here; null: they can. */
export const withoutHosts: string | null = missing();

export interface Hosts {
  /** What a command is put behind to run on a host. */
  on(host: HostName): string[];
  /** mpirun on the first host, its ranks on those that are listed, `a:1,b:1` say. */
  mpirun(hosts: string, ...options: string[]): [string, ...string[]];
  /** Drops on either host what answers at these ports, `20000-20099` say, as a firewall does. */
  block(ports: string): void;
  /** Gives the second host an empty folder of its own where the first has this one. */
  hide(path: string): void;
  stop(): Promise<void>;
}

function run(command: readonly string[]): void {
  const { status, stderr } = spawnSync(command[0]!, command.slice(1), { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
}

/** A shell that keeps a host's namespaces until its input ends, as it does with this process. */
async function startHost(name: HostName, list: string): Promise<ChildProcess> {
  const script = `hostname ${name}; mount --bind '${list}' /etc/hosts; ip link set lo up; echo up; exec cat`;
  const child = spawn('unshare', ['--net', '--uts', '--mount', 'sh', '-e', '-c', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout!, 'data');
  return child;
}

/** Starts two hosts that have all files in common but those that are hidden. @param folder for what they need */
export async function startHosts(folder: string): Promise<Hosts> {
  const [list, agent] = ['hosts', 'agent'].map((name) => join(folder, name)) as [string, string];
  const lines = Object.entries(addresses).map(([name, address]) => `${address} ${name}`);
  writeFileSync(list, ['127.0.0.1 localhost', ...lines, ''].join('\n'));
  const [a, b] = await Promise.all(hostNames.map((name) => startHost(name, list)));
  const children = { a: a!, b: b! };
  const enter = (name: HostName): string[] => [
    ...['nsenter', '--target', String(children[name].pid), '--net', '--uts', '--mount'],
  ];
  // what mpirun takes for ssh: a host's name, and a command in words of shell
  const cases = hostNames.map((name) => `${name}) exec ${enter(name).join(' ')} sh -c "$*";;`);
  writeFileSync(agent, `#!/bin/sh\nhost=$1\nshift\ncase $host in\n${cases.join('\n')}\nesac\n`, {
    mode: 0o755,
  });
  const wire = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', String(children.b.pid)];
  run([...enter('a'), 'ip', 'link', 'add', 'eth0', ...wire]);
  for (const name of hostNames) {
    run([...enter(name), 'ip', 'address', 'add', `${addresses[name]}/24`, 'dev', 'eth0']);
    run([...enter(name), 'ip', 'link', 'set', 'eth0', 'up']);
  }
  return {
    on: enter,
    mpirun: (hosts, ...options) => [
      ...(enter('a') as [string, ...string[]]),
      ...['mpirun', '--mca', 'plm_rsh_agent', agent, '--mca', 'btl', 'tcp,self'],
      ...['--mca', 'btl_tcp_if_include', 'eth0', '--host', hosts],
      // of its own variables alone mpirun tells the other host
      ...['-x', 'PLANEWISE_ADAPTER', '-x', 'PLANEWISE_KEY', ...options],
    ],
    block: (ports) => {
      for (const name of hostNames)
        run([...enter(name), 'ip', 'rule', 'add', 'ipproto', 'tcp', 'sport', ports, 'blackhole']);
    },
    hide: (path) => run([...enter('b'), 'mount', '-t', 'tmpfs', 'none', path]),
    stop: async () => {
      for (const child of Object.values(children)) {
        child.stdin!.end();
        if (child.exitCode === null) await once(child, 'exit');
      }
    },
  };
}
