/** @file Programs under mpirun, where there is one. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Why nothing of MPI can be run here; null: it can. */
export const withoutMpi =
  spawnSync('mpirun', ['--version']).status === 0 ? null : 'no mpirun: apt-get install openmpi-bin';

/** More ranks than cores, and by whoever runs this: both are asked of Open MPI, 4 and 5. */
export const allowed = {
  OMPI_ALLOW_RUN_AS_ROOT: '1',
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
  OMPI_MCA_rmaps_base_oversubscribe: '1',
  PRTE_MCA_rmaps_default_mapping_policy: ':oversubscribe',
};

function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}

/** The processes of the ranks that an mpirun has started, in their order. */
export const processesOf = (mpirun) =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === mpirun)
    .map(Number)
    .sort((a, b) => a - b);
