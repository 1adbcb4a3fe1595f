/** @file The end of a convolution's gradients: the strips of the weight's added in order, the bias's summed over pixels. */
import type { Device } from '../../tensor/device.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { launch, linearGrid } from '../launch/queue.ts';
import type { ParamsOf } from '../launch/shader.ts';
import { chooseVariant, type Variant } from '../launch/variant.ts';
import { inQuads } from '../runs.ts';
import * as shaders from '../shaders.gen.ts';

const shader = shaders.conv2dWeightGradFinish;

/** The weight's gradient as strips [splits, …] and whole. */
interface StripSum {
  readonly strips: Tensor;
  readonly dw: Tensor;
}

/** The output's gradient [.., C] and the bias's [C]. */
export interface BiasSum {
  readonly dy: Tensor;
  readonly db: Tensor;
}

/** dy as a matrix, and how many strips of the weight's gradient are added in the same launch. */
interface Columns {
  readonly rows: number;
  readonly columns: number;
  readonly strips: number;
}

function columnsOf({ dy, db }: BiasSum, weight: StripSum | undefined): Columns {
  return {
    rows: dy.size / db.size,
    columns: db.size,
    strips: (weight?.strips.size ?? 0) / (weight?.dw.size ?? 1),
  };
}

/** How many invocations share a column of dy: neighbours read neighbouring channels, or a workgroup one column. */
const columnVariants: readonly Variant<Columns, [use: (lanes: number) => void]>[] = [
  {
    name: 'alone',
    fits: () => true,
    preferred: ({ software }) => software,
    launch: (_device, _problem, use) => use(1),
  },
  { name: 'lanes', fits: () => true, launch: ({ caps }, _problem, use) => use(caps.workgroup) },
];

interface Plan {
  readonly params: ParamsOf<(typeof shader)['entries']['both']>;
  /** Workgroups that sum dy. */
  readonly summers: number;
  readonly specialization: { overrides: Record<string, number>; aliases: Record<string, string> };
}

function planOf(workgroup: number, lanes: number, weight?: StripSum, bias?: BiasSum): Plan {
  const count = weight?.dw.size ?? 0;
  const splits = count ? weight!.strips.size / count : 0;
  const channels = bias?.db.size ?? 0;
  const { pitch, start } = bias?.dy.run ?? { pitch: channels, start: 0 };
  const wide = inQuads(channels, bias?.dy.run);
  const each = wide ? 4 : 1;
  const groups = channels / each;
  const pixels = bias ? bias.dy.size / channels : 0;
  return {
    params: {
      count,
      splits,
      adders: Math.ceil(count / workgroup),
      pixels,
      groups,
      pitch: pitch / each,
      start: start / each,
    },
    summers: Math.ceil((groups * lanes) / workgroup),
    specialization: {
      overrides: { WORKGROUP: workgroup, LANES: lanes },
      aliases: aliasesOf(wide, bias?.dy.dtype === 'f16'),
    },
  };
}

function aliasesOf(wide: boolean, half: boolean): Record<string, string> {
  if (wide) return half ? { D: 'vec4<f16>' } : {};
  return { V: 'f32', D: half ? 'f16' : 'f32' };
}

function launchFinish(device: Device, plan: Plan, weight?: StripSum, bias?: BiasSum, label = ''): void {
  const { params, summers, specialization } = plan;
  const { workgroup } = device.caps;
  const grid = linearGrid((params.adders + summers) * workgroup, workgroup);
  if (weight && bias) {
    launch(device, shader, 'both', { ...weight, ...bias }, params, grid, specialization, `${label}.finish`);
  } else if (weight) {
    const overrides = { WORKGROUP: workgroup };
    launch(device, shader, 'weight', { ...weight }, params, grid, { overrides }, `${label}.strips`);
  } else if (bias) {
    launch(device, shader, 'bias', { ...bias }, params, grid, specialization, `${label}.bias`);
  }
}

/** Adds strips up, sums a bias's gradient, or both in one launch. */
export function finishGrad(
  device: Device,
  weight: StripSum | undefined,
  sum: BiasSum | undefined,
  label: string,
): void {
  const bias = sum?.db.size === 0 ? undefined : sum;
  if (!weight && !bias) return;
  const use = (lanes: number) =>
    launchFinish(device, planOf(device.caps.workgroup, lanes, weight, bias), weight, bias, label);
  if (!bias) {
    use(1);
    return;
  }
  const columns = columnsOf(bias, weight);
  chooseVariant(device, 'biasGrad', columnVariants, columns).launch(device, columns, use);
}
