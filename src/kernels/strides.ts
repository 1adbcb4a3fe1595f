/** @file Strided access: how the elements of an operand are walked in the order of another shape. */
import { ShapeError } from '../base/errors.ts';
import { formatShape, type Shape, stridesOf } from '../tensor/shape.ts';

const MAX_AXES = 8;

/** A walk as two vec4 of sizes and of strides, innermost axis first: what shaders/include/strided.wgsl takes. */
export interface Walk {
  readonly sizes: readonly [number[], number[]];
  readonly strides: readonly (readonly [number[], number[]])[];
}

/** Element strides of a tensor of shape `from` seen as `shape` (NumPy's rule): 0 along axes where it repeats. */
export function broadcastStrides(from: Shape, shape: Shape): number[] {
  const own = stridesOf(from);
  const missing = shape.length - from.length;
  return shape.map((_, axis) => (axis < missing || from[axis - missing] === 1 ? 0 : own[axis - missing]!));
}

/** Axes of size 1 dropped, and neighbours merged that every operand walks in one stride; innermost first. */
function collapse(shape: Shape, operands: readonly (readonly number[])[]) {
  const axes: { size: number; strides: number[] }[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis]!;
    if (size === 1) continue;
    const strides = operands.map((operand) => operand[axis]!);
    const inner = axes.at(-1);
    if (inner?.strides.every((stride, i) => stride * inner.size === strides[i])) inner.size *= size;
    else axes.push({ size, strides });
  }
  return axes;
}

function halves(values: readonly number[], fill: number): [number[], number[]] {
  const padded = [...values, ...new Array<number>(MAX_AXES - values.length).fill(fill)];
  return [padded.slice(0, 4), padded.slice(4)];
}

/** How to walk operands of these strides in the order of `shape`. @throws ShapeError above 8 separate axes */
export function walkOf(op: string, shape: Shape, operands: readonly (readonly number[])[]): Walk {
  const axes = collapse(shape, operands);
  if (axes.length > MAX_AXES) {
    throw new ShapeError(
      op,
      'shape',
      `${formatShape(shape)} has too many axes`,
      'Merge some with reshape().',
    );
  }
  const strides = operands.map((_, i) =>
    halves(
      axes.map((axis) => axis.strides[i]!),
      0,
    ),
  );
  return {
    sizes: halves(
      axes.map(({ size }) => size),
      1,
    ),
    strides,
  };
}

/** A walk in vec4s. */
interface QuadWalk extends Walk {
  /** Per operand: whether it repeats one element along the innermost axis; it is then still walked in elements. */
  readonly single: readonly boolean[];
}

/** `walk` four elements at a time; undefined unless rows along the innermost axis are whole vec4s. */
export function inQuads({ sizes: [low, high], strides }: Walk): QuadWalk | undefined {
  const [innermost = 1, ...rest] = low;
  if (innermost % 4 !== 0) return undefined;
  const single = strides.map(([own]) => own[0] === 0);
  const quads = strides.map(([own, outer], i): [number[], number[]] => {
    if (single[i]) return [own, outer];
    return [[1, ...own.slice(1).map((stride) => stride / 4)], outer.map((stride) => stride / 4)];
  });
  return { sizes: [[innermost / 4, ...rest], high], strides: quads, single };
}
