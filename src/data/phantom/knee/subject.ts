/** @file Makes one phantom knee: draws its anatomy and findings, plans three stacks, paints and scans them. */
import { hashWords } from '../../../base/hash.ts';
import type { ImagePlane } from '../../types.ts';
import { acquire, drawScanner, type Scanner } from '../acquisition.ts';
import type { Person } from '../elements.ts';
import { Random } from '../random.ts';
import { makeRaster, makeSheet, type Sheet } from '../raster.ts';
import { checkInteger, VARIATIONS } from '../settings.ts';
import { phantomId } from '../subject.ts';
import { lowerBones, upperBones } from './bones.ts';
import { drawKnee, type Findings, findingsOf, type Knee } from './knee.ts';
import { cruciates, tendons } from './ligaments.ts';
import { menisci } from './menisci.ts';
import {
  drawKneePlanning,
  KNEE_PLANES,
  type KneePlane,
  type KneePlanning,
  SLICE_THICKNESS_MM,
} from './planes.ts';
import { type KneeOptions, type KneeSettings, kneeSettings } from './settings.ts';
import { type Piece, paintPieces } from './shapes.ts';
import { drawDistractors, joint, limb } from './soft.ts';
import { drawContrast } from './tissues.ts';

/** One image: size × size pixels, row-major. */
export interface KneeImage {
  readonly view: KneePlane;
  /** In its stack, from 0; see {@link KneeStack}. */
  readonly slice: number;
  readonly plane: ImagePlane;
  readonly pixels: Uint16Array;
}

export interface KneeSubject {
  /** `patient001` for index 0. */
  readonly id: string;
  readonly seed: number;
  readonly index: number;
  readonly settings: KneeSettings;
  readonly side: Knee['side'];
  readonly findings: Findings;
  readonly person: Person;
  /** By plane, then by slice. */
  readonly images: readonly KneeImage[];
  readonly distancesMm: Readonly<Record<KneePlane, number>>;
}

/** Where the true anatomy lies, for tests. */
export interface KneeTruth {
  readonly knee: Knee;
  readonly planning: KneePlanning;
}

interface Drawn extends KneeTruth {
  readonly pieces: readonly Piece[];
  readonly scanner: Scanner;
}

/** Brightness outside the leg. */
const AIR = 0.005;
/** Positions of the sheets that make up a slice, mm from its middle. */
const SHEETS_MM = [-SLICE_THICKNESS_MM / 3, 0, SLICE_THICKNESS_MM / 3];

/**
 * Makes knee `index` of the cohort `seed`: the same numbers give the same bytes, whatever else was made. Each run of ten
 * subjects has four torn menisci, two torn anterior cruciate ligaments (one with both) and two normal knees.
 * @throws ConfigError if an option, the seed or the index is out of range.
 */
export function kneeSubject(seed: number, index: number, options: KneeOptions = {}): KneeSubject {
  const settings = kneeSettings(options);
  const { knee, planning, pieces, scanner } = draw(seed, index, settings);
  const sheet = makeSheet(settings.size);
  const images = KNEE_PLANES.flatMap((view, place) =>
    planning[view].planes.map((plane, slice): KneeImage => {
      const key = hashWords(seed, index, place, slice);
      return { view, slice, plane, pixels: takeImage(plane, { knee, pieces, scanner }, sheet, key) };
    }),
  );
  const distance = (view: KneePlane): number => planning[view].distanceMm;
  return {
    ...{ id: phantomId(index), seed, index, settings, side: knee.side, findings: knee.findings, images },
    person: drawPerson(new Random(seed, index, 'person')),
    distancesMm: {
      sagittal: distance('sagittal'),
      coronal: distance('coronal'),
      axial: distance('axial'),
    },
  };
}

/**
 * The anatomy and the planes of a knee without its images.
 * @throws ConfigError as {@link kneeSubject}.
 */
export function kneeTruth(seed: number, index: number, options: KneeOptions = {}): KneeTruth {
  const { knee, planning } = draw(seed, index, kneeSettings(options));
  return { knee, planning };
}

function draw(seed: number, index: number, settings: KneeSettings): Drawn {
  checkInteger('seed', seed, 0, Number.MAX_SAFE_INTEGER);
  checkInteger('index', index, 0, 99_999);
  const variation = VARIATIONS[settings.difficulty];
  const stream = (name: string): Random => new Random(seed, index, name);
  const knee = drawKnee(stream('knee'), findingsOf(seed, index), settings.difficulty, variation);
  const contrast = drawContrast(stream('knee contrast'), variation);
  const pieces = [
    ...limb(knee, contrast),
    ...joint(knee, contrast),
    ...lowerBones(knee, contrast),
    ...menisci(knee, contrast),
    ...upperBones(knee, contrast),
    ...cruciates(knee, contrast),
    ...tendons(knee, contrast),
    ...drawDistractors(stream('distractors'), contrast, variation),
  ];
  const scanner = drawScanner(stream('scanner'), variation);
  return {
    knee,
    pieces,
    scanner,
    planning: drawKneePlanning(stream('knee planes'), knee, settings, variation),
  };
}

function takeImage(
  plane: ImagePlane,
  { knee, pieces, scanner }: Pick<Drawn, 'knee' | 'pieces' | 'scanner'>,
  sheet: Sheet,
  key: number,
): Uint16Array {
  const sum = new Float32Array(sheet.value.length);
  for (const offset of SHEETS_MM) {
    sheet.value.fill(AIR);
    paintPieces(makeRaster(plane, offset, [0, 0, 0], sheet), knee.place, pieces);
    for (let p = 0; p < sum.length; p++) sum[p]! += sheet.value[p]!;
  }
  return acquire(scanner, makeRaster(plane, 0, [0, 0, 0], sheet), sum, SHEETS_MM.length, key);
}

function drawPerson(random: Random): Person {
  const heightCm = Math.round(random.uniform(152, 192));
  return {
    ageYears: random.integer(16, 70),
    sex: random.pick(['F', 'M']),
    heightCm,
    weightKg: Math.round(random.uniform(19, 32) * (heightCm / 100) ** 2),
  };
}
