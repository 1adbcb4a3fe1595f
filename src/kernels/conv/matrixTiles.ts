/** @file Tiles of the forms on matrix units: see shaders/include/matrix.wgsl. */
import type { Caps, Matrices } from '../../tensor/caps.ts';
import type { Float } from '../../tensor/dtype.ts';
import type { Specialization } from '../launch/shader.ts';

interface MatrixTiles {
  readonly rows: number;
  readonly columns: number;
  /** Terms of the sum a round. */
  readonly depth: number;
  readonly specialization: Specialization;
}

/** Whether there are matrix units, for this type. */
export function hasMatrices({ matrices }: Caps, dtype: Float): boolean {
  return matrices !== null && dtype === 'f16';
}

/** Whether they are known to beat the other forms: those of GPUs with matrices of 16×16. */
export function hasFastMatrices({ matrices }: Caps): boolean {
  return matrices?.side === 16;
}

/** What a workgroup of so many subgroups computes on a device that has matrices, and how its shader is made for them. */
export function matrixTiles({ matrices }: Caps, subgroups: 1 | 4 = 4): MatrixTiles {
  const { side, lanes, sized } = matrices as Matrices;
  const consts = { SIDE: side, LANES: lanes, ...(subgroups !== 4 && { SUBGROUPS: subgroups }) };
  const specialization = sized ? { consts, lanes } : { consts };
  const each = Math.sqrt(subgroups);
  return { rows: 4 * each * side, columns: 2 * each * side, depth: 2 * side, specialization };
}
