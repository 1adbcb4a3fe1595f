/** @file Launches of the norms over groups: statistics, output and gradients of any form. */
import { empty } from '../tensor/create.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expectFloat } from './elements.ts';
import { launch } from './launch/queue.ts';
import { type Given, mapStrips, merge, type NormForm, slotsOf, sumStrips, walkSettings } from './normForm.ts';
import { Call, call, expectShape, expectType, type Inputs, type Op } from './op.ts';
import { sumColumns } from './reduce.ts';
import * as shaders from './shaders.gen.ts';

const shader = shaders.groupNorm;
const gradShader = shaders.groupNormGrad;

const givenOf = (weight: Tensor | null, bias: Tensor | null): Given => ({
  weight: weight !== null,
  bias: bias !== null,
});

/** A temporary of f32. */
function temporary(x: Tensor, count: number, label: string): Tensor {
  return empty(x.device, { shape: [count], dtype: 'f32' }, label);
}

function writeStatistics(x: Tensor, form: NormForm, statistic: Tensor): void {
  const { device } = x;
  const strips = sumStrips(device, form);
  const given = { weight: false, bias: false };
  const { params, grid, specialization } = walkSettings(x, form, strips, given);
  using partials = temporary(x, 2 * form.outer * strips * form.groups * form.each, 'groupNorm.partials');
  launch(device, shader, 'statistics', { x, partial: partials }, params, grid, specialization);
  merge(x, form, strips, given, (entry, settings) => {
    const tensors = { x, partials, statistic };
    launch(device, shader, entry, tensors, settings.params, settings.grid, settings.specialization);
  });
}

/** The operands of the map; `statistics` stand in for a weight or bias that is left out. */
interface Mapped {
  readonly x: Tensor;
  readonly statistics: Tensor;
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
}

function applyMap({ x, statistics, weight, bias }: Mapped, form: NormForm, y: Tensor): void {
  const settings = walkSettings(x, form, mapStrips(x.device, form), givenOf(weight, bias));
  const kept = { byGroup: statistics, byColumn: statistics };
  const tensors = { x, weight: weight ?? statistics, bias: bias ?? statistics, ...kept, y };
  launch(x.device, shader, 'forward', tensors, settings.params, settings.grid, settings.specialization);
}

/** A norm's attributes with what its arguments make of them. */
type FormOf<A> = (x: Tensor, attrs: A) => { readonly form: NormForm; readonly affine: Shape };

/**
 * A norm: inputs x (f32 or f16), weight and bias (f32 or null). Further output: its statistics, which the gradient
 * needs. `formOf` checks x and the attributes.
 */
export function normOp<A>(name: string, formOf: FormOf<A>): Op<A> {
  const checked = ([input, weight, bias]: Inputs, attrs: A): NormForm => {
    const x = expectFloat(name, 'x', input!);
    const { form, affine } = formOf(x, attrs);
    for (const [argument, tensor] of Object.entries({ weight, bias }))
      if (tensor) expectShape(name, argument, expectType(name, argument, tensor, 'f32'), affine);
    return form;
  };
  return {
    name,
    inputs: ['x', 'weight', 'bias'],
    infer(inputs, attrs) {
      const x = inputs[0]!;
      const { count } = slotsOf(checked(inputs, attrs));
      return [
        { shape: x.shape, dtype: x.dtype },
        { shape: [3, count], dtype: 'f32' },
      ];
    },
    launch(_device, [x, weight = null, bias = null], [y, statistics], attrs) {
      const { form } = formOf(x!, attrs);
      writeStatistics(x!, form, statistics!);
      applyMap({ x: x!, statistics: statistics!, weight, bias }, form, y!);
    },
    grad({ inputs: [x, weight = null, bias = null], outputs: [, statistics], dy, attrs }) {
      // The bias is there for `again`, which may read what the gradient keeps.
      const made = new Call(normGrad, [x!, dy[0]!, statistics!, weight, bias], formOf(x!, attrs));
      return [made.at(0), weight && made.at(1), bias && made.at(weight ? 2 : 1)];
    },
    again: ({ inputs: [x, weight = null, bias = null], outputs: [, statistics], attrs }) =>
      call(normAgain, [x!, statistics!, weight, bias], { form: formOf(x!, attrs).form }),
  };
}

/** The output from x and the statistics: the same bits. */
const normAgain: Op<{ readonly form: NormForm }> = {
  name: 'normAgain',
  infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  launch(_device, [x, statistics, weight = null, bias = null], [y], { form }) {
    applyMap({ x: x!, statistics: statistics!, weight, bias }, form, y!);
  },
};

interface GradAttrs {
  readonly form: NormForm;
  /** Shape of weight and bias. */
  readonly affine: Shape;
}

/** Gradients of x, and of weight and bias where they are given. */
const normGrad: Op<GradAttrs> = {
  name: 'normGrad',
  infer([x, , , ...rows], { affine }) {
    const row = { shape: affine, dtype: 'f32' as const };
    return [{ shape: x!.shape, dtype: x!.dtype }, ...rows.flatMap((given) => (given ? [row] : []))];
  },
  launch(_device, [x, dy, statistics, weight = null, bias = null], [dx, ...rows], { form }) {
    const source = { x: x!, dy: dy!, statistics: statistics!, weight };
    const affine = {
      weight: weight && rows[0]!,
      bias: bias && rows[weight ? 1 : 0]!,
    };
    backward(source, form, dx!, affine);
    if (form.byRow) sumByRow(source, form, affine);
  },
};

interface Source {
  readonly x: Tensor;
  readonly dy: Tensor;
  readonly statistics: Tensor;
  readonly weight: Tensor | null;
}

type AffineGradients = Record<'weight' | 'bias', Tensor | null>;

const boundOf = ({ x, dy, statistics, weight }: Source) => ({
  ...{ x, dy, weight: weight ?? statistics },
  ...{ byGroup: statistics, byColumn: statistics },
});

/** The gradient of x, and those of weight and bias where they belong to columns: their sums are parts of x's. */
function backward(source: Source, form: NormForm, dx: Tensor, affine: AffineGradients): void {
  const { x, weight, statistics } = source;
  const { device } = x;
  const given = givenOf(weight, null);
  const strips = sumStrips(device, form);
  const columns = form.groups * form.each;
  using sums = temporary(x, form.outer * strips * columns, 'groupNorm.sums');
  using products = temporary(x, form.outer * strips * columns, 'groupNorm.products');
  using lost = temporary(x, 2 * slotsOf(form).count, 'groupNorm.lost');
  const summing = walkSettings(x, form, strips, given);
  const found = { ...boundOf(source), sum: sums, product: products };
  launch(device, gradShader, 'gradientSums', found, summing.params, summing.grid, summing.specialization);
  merge(x, form, strips, given, (entry, { params, grid, specialization }) => {
    const tensors = { weight: weight ?? statistics, byGroup: statistics, sums, products, lost };
    launch(device, gradShader, entry, tensors, params, grid, specialization);
  });
  const mapping = walkSettings(x, form, mapStrips(device, form), given);
  const tensors = { ...boundOf(source), lostByGroup: lost, lostByColumn: lost, dx };
  launch(device, gradShader, 'backward', tensors, mapping.params, mapping.grid, mapping.specialization);
  if (!form.byRow) finish(sums, products, form.outer * strips, columns, affine);
}

/** Sums over `strips` rows of what strips have found, to the gradients that are wanted. */
function finish(
  sums: Tensor,
  products: Tensor,
  strips: number,
  columns: number,
  { weight, bias }: AffineGradients,
): void {
  const column = [{ outer: 1, reduced: strips, inner: columns }];
  if (weight) sumColumns(products, weight, column);
  if (bias) sumColumns(sums, bias, column);
}

/** The gradients of weight and bias that belong to [rows, each]: sums over the outer index. */
function sumByRow(source: Source, form: NormForm, affine: AffineGradients): void {
  if (!affine.weight && !affine.bias) return;
  const { x, dy, statistics } = source;
  const columns = form.rows * form.each;
  const across = { ...form, outer: 1, rows: form.outer, each: columns };
  const strips = sumStrips(x.device, across);
  using sums = temporary(x, strips * columns, 'groupNorm.sums');
  using products = temporary(x, strips * columns, 'groupNorm.products');
  const { params, grid, specialization } = walkSettings(x, across, strips, givenOf(null, null));
  const tensors = { x, dy, byGroup: statistics, byColumn: statistics, sum: sums, product: products };
  const placed = { ...params, slots: slotsOf(form).count, span: 1 };
  launch(x.device, gradShader, 'affineSums', tensors, placed, grid, specialization);
  finish(sums, products, strips, columns, affine);
}
