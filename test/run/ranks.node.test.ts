import { hostname } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { expectAlone } from '../../src/commands/ranks.ts';
import { expectAlike, gpuOfRank } from '../../src/run/ranks.node.ts';
import { loadMpi } from '../../src/train/libmpi.node.ts';
import { joinRanks, launchedAs, launchedRanks } from '../../src/train/mpi.node.ts';
import { memoryRanks } from '../train/memorywire.ts';

const launchers = [
  ...['OMPI_COMM_WORLD_SIZE', 'OMPI_COMM_WORLD_RANK', 'PMI_SIZE', 'PMI_RANK', 'PMIX_RANK', 'SLURM_NTASKS'],
];

/** As where no launcher started anything but this. */
function launched(env: Readonly<Record<string, string>>): void {
  for (const name of launchers) vi.stubEnv(name, env[name]);
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a process', () => {
  it.each([
    [{}, 1],
    [{ OMPI_COMM_WORLD_SIZE: '4' }, 4],
    [{ PMI_SIZE: '3' }, 3],
    [{ PMIX_RANK: '0', SLURM_NTASKS: '2' }, 2],
    // a step of Slurm's without MPI
    [{ SLURM_NTASKS: '2' }, 1],
  ])('started with %j is one of %i', (env, size) => {
    launched(env);
    expect(launchedRanks()).toBe(size);
  });

  it.each([
    [{ OMPI_COMM_WORLD_SIZE: '4', OMPI_COMM_WORLD_RANK: '3', PMIX_RANK: '0' }, 3],
    [{ PMI_SIZE: '2', PMI_RANK: '1' }, 1],
    [{ PMIX_RANK: '1', SLURM_NTASKS: '2' }, 1],
  ])('started with %j is named before it joins, by rank %i and its host', (env, rank) => {
    launched(env);
    expect(launchedAs()).toBe(`rank ${rank} (${hostname()}, process ${process.pid})`);
    launched({ PMIX_RANK: '0' });
    expect(launchedAs()).toBeNull();
  });

  it('on its own joins nobody, and needs no library', async () => {
    launched({});
    expect(await joinRanks()).toBeNull();
  });

  it('whose library is named and missing says so', async () => {
    vi.stubEnv('PLANEWISE_MPI', '/none/libmpi.so');
    await expect(loadMpi()).rejects.toThrow(
      'environment: PLANEWISE_MPI=/none/libmpi.so: the file of the MPI library, that of the mpirun that started this, is needed.',
    );
  });

  it('of several is refused a command that is for one', () => {
    launched({ OMPI_COMM_WORLD_SIZE: '2' });
    expect(() => expectAlone('pretrain')).not.toThrow();
    expect(() => expectAlone('experiment')).toThrow(
      'experiment is for one process, and a launcher of MPI started 2. Run it without; pretrain and finetune are for several.',
    );
    launched({});
    expect(() => expectAlone('experiment')).not.toThrow();
  });
});

describe('the GPU of a rank', () => {
  const [rank0, rank1] = [0, 1].map((local) => ({ local, onHost: 2 }));

  it('is the only one that it sees, or that of its place among GPUs of different names', () => {
    expect(gpuOfRank([], rank1!)).toBeNull();
    expect(gpuOfRank(['NVIDIA H100', 'llvmpipe (LLVM 15)'], rank1!)).toBeNull();
    expect(gpuOfRank(['A', 'llvmpipe (LLVM 15)', 'B'], rank0!)).toBe('A');
    expect(gpuOfRank(['A', 'llvmpipe (LLVM 15)', 'B'], rank1!)).toBe('B');
  });

  it('is refused where GPUs cannot be told apart, or are fewer than ranks', () => {
    expect(() => gpuOfRank(['A', 'A'], rank0!)).toThrow(/2 GPUs, some of one name \(A\).*--gpus-per-task=1/);
    expect(() => gpuOfRank(['A', 'B'], { local: 2, onHost: 3 })).toThrow(
      '3 ranks were started on a host of 2 GPUs (A, B). Start as many as there are.',
    );
  });
});

describe('ranks that are not alike', () => {
  it('are all told which, and what differs', async () => {
    const names = ['rank 0 (a, process 1)', 'rank 1 (b, process 2)'];
    const said = memoryRanks(2).map((comm, rank) =>
      expectAlike({ comm, names, local: 0, onHost: 1 }, { version: '1', data: { pixels: `${rank}` } }),
    );
    for (const { reason } of (await Promise.allSettled(said)) as PromiseRejectedResult[])
      expect(String(reason)).toBe(
        `RankError: The ranks are not alike: data.pixels is "0" on ${names[0]} and "1" on ${names[1]}. Start all in the same way.`,
      );
  });
});
