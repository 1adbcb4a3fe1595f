/** @file Norms over groups: how x falls into groups, and how its rows are shared out among invocations. */
import type { Device } from '../tensor/device.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Grid, linearGrid } from './launch/queue.ts';
import type { Specialization } from './launch/shader.ts';
import { chooseVariant, type Variant } from './launch/variant.ts';

/** What x is divided by: the standard deviation about its mean, the root mean square, or a norm. */
const normKinds = ['centred', 'rms', 'l2', 'l1', 'largest'] as const;

/** x as [outer, rows, groups, each]: a group is a row's `each` neighbours, over all rows. */
export interface NormForm {
  readonly kind: (typeof normKinds)[number];
  readonly outer: number;
  readonly rows: number;
  readonly groups: number;
  readonly each: number;
  /** Whether weight and bias belong to [rows, each], and there is one group; otherwise to [groups, each]. */
  readonly byRow: boolean;
  /** Added to the mean square, or the least norm. */
  readonly epsilon: number;
}

/** Neighbouring elements as a form's rows and columns: in four columns where they are whole vec4s. */
export function neighbours(count: number): Pick<NormForm, 'rows' | 'groups' | 'each'> {
  return count % 4 === 0 ? { rows: count / 4, groups: 1, each: 4 } : { rows: count, groups: 1, each: 1 };
}

/** How a form's statistics are stored. */
interface Slots {
  /** Elements that an invocation takes of a row at once. */
  readonly width: 1 | 4;
  /** How often the statistics of each group are stored: four columns of several groups read them as one vec4. */
  readonly copies: number;
  /** Of one statistic. */
  readonly count: number;
}

export function slotsOf({ outer, groups, each }: NormForm): Slots {
  const width = (groups * each) % 4 === 0 ? 4 : 1;
  const copies = width === 1 || each % 4 === 0 ? 1 : each;
  return { width, copies, count: outer * groups * copies };
}

/** Most invocations that sum: enough to keep the device busy, few enough that merging what they find costs little. */
const mostLanes = ({ caps }: Device) => (caps.software ? 128 : 1 << 16);

/** Strips of a form's rows where they are summed. */
export function sumStrips(device: Device, form: NormForm): number {
  const { outer, rows, groups, each } = form;
  const columns = (outer * groups * each) / slotsOf(form).width;
  return Math.max(1, Math.min(Math.ceil(rows / 16), Math.ceil(mostLanes(device) / Math.max(1, columns))));
}

/** Strips of a form's rows where they are mapped. */
export function mapStrips({ caps }: Device, { rows }: NormForm): number {
  return Math.max(1, Math.ceil(rows / (caps.software ? 32 : 4)));
}

/** Whether the tensors that an op may do without are there. */
export interface Given {
  readonly weight: boolean;
  readonly bias: boolean;
}

/** What a launch is made with. */
interface Settings {
  readonly params: ReturnType<typeof paramsOf>;
  readonly grid: Grid;
  readonly specialization: Specialization;
}

function overridesOf(form: NormForm, given: Given) {
  const { width } = slotsOf(form);
  return {
    KIND: normKinds.indexOf(form.kind),
    SHARED: Number(width === 1 || form.each % 4 === 0),
    BY_ROW: Number(form.byRow),
    WEIGHT: Number(given.weight),
    BIAS: Number(given.bias),
  };
}

function paramsOf(form: NormForm, strips: number, width: number) {
  const { outer, rows, groups, each, epsilon } = form;
  const { copies, count } = slotsOf(form);
  const columns = (groups * each) / width;
  const lanes = outer * strips * columns;
  const span = Math.max(1, Math.floor(each / width));
  return { lanes, rows, columns, strips, groups, span, copies, slots: count, count: rows * each, epsilon };
}

/** Of a launch whose invocations own a strip of a column, or of four. */
export function walkSettings(x: Tensor, form: NormForm, strips: number, given: Given): Settings {
  const { width } = slotsOf(form);
  const { workgroup } = x.device.caps;
  const params = paramsOf(form, strips, width);
  const overrides = { ...overridesOf(form, given), WORKGROUP: workgroup };
  const V = width === 4 ? 'vec4<f32>' : 'f32';
  const aliases = { V, X: V.replace('f32', x.dtype), U: V.replace('f32', 'u32') };
  return { params, grid: linearGrid(params.lanes, workgroup), specialization: { overrides, aliases } };
}

const MERGE_LANES = 64;

/** Entry points that merge what strips found: an invocation or a workgroup takes a group. */
type MergeEntry = 'mergeSerial' | 'mergeLanes';

interface Merging {
  readonly form: NormForm;
  readonly strips: number;
}

const mergeVariants: readonly Variant<Merging, [launchMerge: (entry: MergeEntry) => void]>[] = [
  {
    name: 'lanes',
    fits: () => true,
    preferred: ({ software }, { form, strips }) => !software && strips * form.each > 32,
    launch: (_device, _merging, launchMerge) => launchMerge('mergeLanes'),
  },
  {
    name: 'serial',
    fits: () => true,
    launch: (_device, _merging, launchMerge) => launchMerge('mergeSerial'),
  },
];

/** Has `launchMerge` merge what strips found, by the entry point that suits the device. */
export function merge(
  x: Tensor,
  form: NormForm,
  strips: number,
  given: Given,
  launchMerge: (entry: MergeEntry, settings: Settings) => void,
): void {
  const { device, dtype } = x;
  const { workgroup } = device.caps;
  const groups = form.outer * form.groups;
  const params = { ...paramsOf(form, strips, 1), lanes: groups };
  const overrides = { ...overridesOf(form, given), WORKGROUP: workgroup, LANES: MERGE_LANES };
  const specialization = { overrides, aliases: { V: 'f32', X: dtype, U: 'u32' } };
  const problem = { form, strips };
  chooseVariant(device, 'groupNorm', mergeVariants, problem).launch(device, problem, (entry) => {
    const grid = linearGrid(groups, entry === 'mergeLanes' ? 1 : workgroup);
    launchMerge(entry, { params, grid, specialization });
  });
}
