/** @file How batch norm shares out the rows of x, and how sums over them come together. */
import type { Caps } from '../tensor/device.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { shareOf } from './launch/share.ts';
import { chooseVariant, type Variant } from './launch/variant.ts';

/** How the elements of x are shared out: groups of `each` channels, and in every group strips of rows. */
export interface Sizes {
  readonly each: 1 | 4;
  readonly rows: number;
  readonly groups: number;
  readonly strips: number;
}

/** Strips of `rowsEach` rows, or as many as leave `most` invocations. */
function stripsOf(x: Tensor, rowsEach: number, most = Number.POSITIVE_INFINITY): Sizes {
  const channels = x.shape.at(-1)!;
  const each = channels % 4 === 0 ? 4 : 1;
  const [rows, groups] = [x.size / channels, channels / each];
  const strips = Math.max(1, Math.min(Math.ceil(rows / rowsEach), Math.ceil(most / groups)));
  return { each, rows, groups, strips };
}

/** For launches that sum nothing. */
export const mapSizes = (x: Tensor) => stripsOf(x, x.device.caps.software ? 32 : 4);

/** Invocations that keep two cores of a software adapter busy. */
const busyLanes = ({ subgroupSize }: Caps) => 2 * (subgroupSize || 8);

/** All rows of a channel, or of four where there are channels enough, to one invocation. */
function wholeOf(x: Tensor): Sizes {
  const channels = x.shape.at(-1)!;
  const each = channels % 4 === 0 && channels >= 4 * busyLanes(x.device.caps) ? 4 : 1;
  return { each, rows: x.size / channels, groups: channels / each, strips: 1 };
}

/**
 * How sums over the rows come together: one invocation sums all rows of its channels and then maps them; or few strips
 * are summed, which every invocation of the next launch adds up anew; or many, which a launch of its own adds up in
 * the lanes of a workgroup.
 */
type Way = 'whole' | 'strips' | 'lanes';

export const lanesOf = (x: Tensor) => stripsOf(x, 16, 32768);

type LaunchWay = (way: Way, sizes: Sizes) => void;

const sumVariants: readonly Variant<Tensor, [launchWay: LaunchWay]>[] = [
  {
    name: 'whole',
    fits: () => true,
    // While there are few rows, a launch saved is worth the cores that stay idle where there are more than two. Four
    // lanes, unlike eight, are half as fast on single channels.
    preferred: (caps, x) => {
      const { each, rows, groups } = wholeOf(x);
      const small = rows <= 32768 && groups >= busyLanes(caps);
      return caps.software && small && (each === 4 || caps.subgroupSize === 8);
    },
    launch: (_device, x, launchWay) => launchWay('whole', wholeOf(x)),
  },
  {
    name: 'strips',
    fits: () => true,
    preferred: ({ software }) => software,
    launch: (_device, x, launchWay) => launchWay('strips', stripsOf(x, 16, 128)),
  },
  {
    name: 'lanes',
    fits: () => true,
    launch: (_device, x, launchWay) => launchWay('lanes', lanesOf(x)),
  },
];

/** Whether the sums are those of all ranks' rows. */
export const isSynced = (x: Tensor): boolean => shareOf(x.device)?.syncBatchNorm === true;

export function sumRows(x: Tensor, launchWay: LaunchWay): void {
  // only there the sums are to be had by themselves
  if (isSynced(x)) {
    launchWay('lanes', lanesOf(x));
    return;
  }
  chooseVariant(x.device, 'batchNorm', sumVariants, x).launch(x.device, x, launchWay);
}
