/** @file The ways a step is recorded: what a user asks for, and forms that are only tried. */
import type { Precision } from '../../src/models/unet.ts';

interface Way {
  readonly says: string;
  readonly precision: Precision;
  /** Op → variant that is forced where it fits. */
  readonly variants: Readonly<Record<string, string>>;
  /** Whether kernels for matrix units are offered, as openDevice({ matrices: true }) does. */
  readonly matrices: boolean;
  /** Whether a device runs it with no more than --precision; others are tried. */
  readonly byItself: boolean;
}

const convolutions = ['conv2d', 'conv2dInputGrad', 'conv2dWeightGrad'];
const winograd = Object.fromEntries(convolutions.map((op) => [op, 'winograd']));

export const precisions = {
  f32: { says: 'as it comes', precision: 'f32', variants: {}, matrices: false, byItself: true },
  mixed: {
    says: 'convolutions in f16, on matrix units where there are some',
    precision: 'mixed',
    variants: {},
    matrices: true,
    byItself: true,
  },
  half: {
    says: 'mixed without matrix units',
    precision: 'mixed',
    variants: {},
    matrices: false,
    byItself: false,
  },
  winograd: {
    says: 'f32 with Winograd’s form forced',
    precision: 'f32',
    variants: winograd,
    matrices: false,
    byItself: false,
  },
} as const satisfies Record<string, Way>;

export type PrecisionName = keyof typeof precisions;
export const precisionNames = Object.keys(precisions) as PrecisionName[];
