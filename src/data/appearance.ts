/** @file Random changes of how an image looks and how it is bent, drawn for each image: numbers for the device to work with. */
import { drawsOf } from '../base/random.ts';
import { purposes } from './purposes.ts';

/** What may change of an image's intensities; what is left out stays as it is. The ops say what each does. */
export interface AppearanceOptions {
  /** Standard deviation of a Gaussian blur, pixels: uniform from 0 up to this. */
  readonly blurPx?: number;
  /** Standard deviation of normal noise, of the z-scored intensity: uniform from 0 up to this. */
  readonly noise?: number;
  /** Each coefficient of the logarithm of a smooth field that multiplies the image, uniform in ±biasField. */
  readonly biasField?: number;
  /** Factor on the distance from the image's mean, uniform in [least, most]. */
  readonly contrast?: readonly [least: number, most: number];
  /** Power of the intensity between the image's least and most, uniform in [least, most]. */
  readonly gamma?: readonly [least: number, most: number];
}

/** One image's numbers. */
export interface Appearance {
  /** Pixels; 0: no blur. */
  readonly blurPx: number;
  /** Standard deviation; 0: no noise. */
  readonly noise: number;
  /** Two words of 32 bits that the noise follows from. */
  readonly noiseKey: readonly [number, number];
  /** Five coefficients of the bias field, 0 for none. */
  readonly biasField: readonly number[];
  /** 1 for none. */
  readonly contrast: number;
  /** 1 for none. */
  readonly gamma: number;
}

const BIAS_COEFFICIENTS = 5;

/** What `adjustIntensity` takes of an image: the field's coefficients, contrast and gamma. */
export const INTENSITY_NUMBERS = BIAS_COEFFICIENTS + 2;

export const sameAppearance: Appearance = {
  ...{ blurPx: 0, noise: 0, noiseKey: [0, 0], contrast: 1, gamma: 1 },
  biasField: new Array<number>(BIAS_COEFFICIENTS).fill(0),
};

/** A number in [0, 1) as one between two others. */
export const between = (u: number, [least, most]: readonly [number, number]): number =>
  least + u * (most - least);

const isChanged = ([least, most]: readonly [number, number] = [1, 1]): boolean => least !== 1 || most !== 1;

/** Which changes the options ask for at all. */
export function changesOf(options: AppearanceOptions & { readonly elasticPx?: number }) {
  const { blurPx = 0, noise = 0, biasField = 0, contrast, gamma, elasticPx = 0 } = options;
  return {
    blur: blurPx > 0,
    noise: noise > 0,
    intensity: biasField > 0 || isChanged(contrast) || isChanged(gamma),
    elastic: elasticPx > 0,
  };
}

export type Changes = ReturnType<typeof changesOf>;

/** Views of a sample have streams of their own, as far apart as no two purposes are. */
const streamOf = (view: number): number => purposes.appearance + view * 2 ** 16;

/**
 * The appearance of one view of a sample: depends on seed, counter, view and options only, and no option on the others'.
 */
export function drawAppearance(
  seed: number,
  counter: number,
  options: AppearanceOptions,
  view = 0,
): Appearance {
  const { blurPx = 0, noise = 0, biasField = 0, contrast = [1, 1], gamma = [1, 1] } = options;
  const next = drawsOf(seed, streamOf(view), counter);
  // Every number is drawn whatever the options.
  const [blurred, noisy, contrasted, powered, first, second] = Array.from({ length: 6 }, next) as [
    number,
    ...number[],
  ];
  return {
    blurPx: blurred * blurPx,
    noise: noisy! * noise,
    noiseKey: [first! * 2 ** 32, second! * 2 ** 32],
    biasField: Array.from({ length: BIAS_COEFFICIENTS }, () => between(next(), [-biasField, biasField])),
    contrast: between(contrasted!, contrast),
    gamma: between(powered!, gamma),
  };
}

/** The same where the options change anything at all. */
export function appearanceBy(
  seed: number,
  counter: number,
  options: AppearanceOptions,
  view = 0,
): Appearance | undefined {
  const { blur, noise, intensity } = changesOf(options);
  return blur || noise || intensity ? drawAppearance(seed, counter, options, view) : undefined;
}

/** Control points along each axis of a cubic B-spline of 4 cells. */
export const CONTROLS = 7;

/** Most that an image may be bent, as a share of its side: up to it no displacement folds what it moves. */
export const MOST_ELASTIC = 1 / 16;

/** The magnification up to which that holds. */
export const MOST_MAGNIFIED = 1.75;

/**
 * A smooth displacement: control points [CONTROLS, CONTROLS, 2] of a cubic B-spline over the image, along x and y uniform
 * in ±elasticPx pixels.
 */
export function drawControls(seed: number, counter: number, elasticPx: number): Float32Array {
  const next = drawsOf(seed, purposes.elastic, counter);
  return Float32Array.from({ length: CONTROLS * CONTROLS * 2 }, () =>
    between(next(), [-elasticPx, elasticPx]),
  );
}
