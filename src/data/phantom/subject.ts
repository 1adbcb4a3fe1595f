/** @file Makes one phantom subject: draws its anatomy, plans its images, paints and scans them. */

import { hashWords } from '../../base/hash.ts';
import type { ImagePlane, Vec3 } from '../types.ts';
import { acquire, drawScanner, type Scanner } from './acquisition.ts';
import { type Beat, beatAt, contractionAt, endSystolicPhase, phaseTimes } from './beat.ts';
import { drawHeart, type Heart } from './heart.ts';
import { drawPlanning, type Planning, SLICE_THICKNESS_MM } from './planes.ts';
import { Random } from './random.ts';
import { makeRaster, makeSheet, paint, type Raster, type Sheet } from './raster.ts';
import {
  checkInteger,
  PHANTOM_GROUPS,
  type PhantomGroup,
  type PhantomOptions,
  type PhantomSettings,
  phantomSettings,
  VARIATIONS,
} from './settings.ts';
import { type Chest, drawChest, drawOrgans, type Piece, paintChest } from './thorax.ts';
import { type Contrast, drawContrast } from './tissues.ts';
import { paintVentricles } from './ventricles.ts';
import { drawVessels, paintAboveBase, paintFat, paintPapillaries, type Vessels } from './vessels.ts';

export type PhantomView = 'sax' | '2ch' | '4ch';

/** One image: size × size pixels, row-major. */
export interface PhantomImage {
  readonly view: PhantomView;
  /** Slice of the short-axis stack, base to apex, from 0; 0 for a long-axis view. */
  readonly slice: number;
  /** Cardiac phase, from 0. */
  readonly phase: number;
  readonly plane: ImagePlane;
  readonly pixels: Uint16Array;
  /** Short axis: 0 background, 1 right ventricle, 2 myocardium, 3 left ventricle. Long axis: null. */
  readonly mask: Uint8Array | null;
}

export interface PhantomInfo {
  /** Phases of end diastole and end systole, from 0. */
  readonly endDiastole: number;
  readonly endSystole: number;
  readonly phases: number;
  readonly heightCm: number;
  readonly weightKg: number;
  readonly ageYears: number;
  readonly sex: 'F' | 'M';
  /** Length of the cardiac cycle. */
  readonly cycleMs: number;
  /** Time of each phase after the R wave. */
  readonly triggerTimesMs: readonly number[];
  readonly sliceDistanceMm: number;
}

export interface PhantomSubject {
  /** `patient001` for index 0. */
  readonly id: string;
  readonly seed: number;
  readonly index: number;
  readonly group: PhantomGroup;
  readonly settings: PhantomSettings;
  /** Short axis by slice, then phase; then 2-chamber and 4-chamber by phase. */
  readonly images: readonly PhantomImage[];
  readonly info: PhantomInfo;
}

/** Where the true anatomy lies, for tests: the long axis and the right ventricle's direction, LPS. */
export interface PhantomTruth {
  readonly heart: Heart;
  readonly planning: Planning;
}

interface Body {
  readonly heart: Heart;
  readonly vessels: Vessels;
  readonly chest: Chest;
  readonly organs: readonly Piece[];
  readonly contrast: Contrast;
  readonly scanner: Scanner;
  readonly beats: readonly Beat[];
}

/** Positions of the sheets that make up a slice, mm from its middle; the middle one carries the labels. */
const SHEETS_MM = [-SLICE_THICKNESS_MM / 3, 0, SLICE_THICKNESS_MM / 3];

/**
 * Makes subject `index` of the cohort `seed`: the same numbers give the same bytes, whatever else was made.
 * Groups are balanced: each run of five subjects has all five, in random order.
 * @throws ConfigError if an option, the seed or the index is out of range.
 */
export function phantomSubject(seed: number, index: number, options: PhantomOptions = {}): PhantomSubject {
  const settings = phantomSettings(options);
  const { body, planning } = drawSubject(seed, index, settings);
  return {
    id: phantomId(index),
    seed,
    index,
    group: body.heart.group,
    settings,
    images: makeImages(seed, index, settings, body, planning),
    info: drawInfo(new Random(seed, index, 'info'), settings, planning),
  };
}

/**
 * The anatomy and the planes of a subject without its images.
 * @throws ConfigError as {@link phantomSubject}.
 */
export function phantomTruth(seed: number, index: number, options: PhantomOptions = {}): PhantomTruth {
  const { body, planning } = drawSubject(seed, index, phantomSettings(options));
  return { heart: body.heart, planning };
}

/** `patient001` for index 0. */
export const phantomId = (index: number): string => `patient${String(index + 1).padStart(3, '0')}`;

function drawSubject(
  seed: number,
  index: number,
  settings: PhantomSettings,
): { body: Body; planning: Planning } {
  checkInteger('seed', seed, 0, Number.MAX_SAFE_INTEGER);
  checkInteger('index', index, 0, 99_999);
  const variation = VARIATIONS[settings.difficulty];
  const stream = (name: string): Random => new Random(seed, index, name);
  const heart = drawHeart(stream('heart'), groupOf(seed, index), variation);
  const contrast = drawContrast(stream('contrast'), variation);
  const chest = drawChest(stream('chest'));
  const body = {
    heart,
    contrast,
    chest,
    vessels: drawVessels(stream('vessels'), variation.shape),
    organs: drawOrgans(stream('organs'), chest, heart, contrast, variation),
    scanner: drawScanner(stream('scanner'), variation),
    beats: phaseTimes(settings.phases).map((time) => beatAt(heart, contractionAt(time))),
  };
  return { body, planning: drawPlanning(stream('planes'), heart, settings, variation) };
}

/** The group at a place of a shuffled run of five. */
function groupOf(seed: number, index: number): PhantomGroup {
  const random = new Random(seed, Math.floor(index / 5), 'groups');
  const left = [...PHANTOM_GROUPS];
  for (let i = index % 5; i > 0; i--) left.splice(random.integer(0, left.length - 1), 1);
  return random.pick(left);
}

function drawInfo(random: Random, settings: PhantomSettings, planning: Planning): PhantomInfo {
  const cycleMs = Math.round(random.uniform(750, 1100));
  const heightCm = Math.round(random.uniform(152, 192));
  return {
    endDiastole: 0,
    endSystole: endSystolicPhase(settings.phases),
    phases: settings.phases,
    heightCm,
    weightKg: Math.round(random.uniform(19, 32) * (heightCm / 100) ** 2),
    ageYears: random.integer(20, 80),
    sex: random.pick(['F', 'M']),
    cycleMs,
    triggerTimesMs: phaseTimes(settings.phases).map((time) => Math.round(time * cycleMs)),
    sliceDistanceMm: planning.sliceDistanceMm,
  };
}

function makeImages(
  seed: number,
  index: number,
  settings: PhantomSettings,
  body: Body,
  planning: Planning,
): PhantomImage[] {
  const breathing = new Random(seed, index, 'breathing');
  const views: [PhantomView, number, ImagePlane][] = planning.shortAxis.map((plane, slice) => [
    'sax',
    slice,
    plane,
  ]);
  if (settings.longAxis) views.push(['2ch', 0, planning.twoChamber], ['4ch', 0, planning.fourChamber]);
  const rest = SHEETS_MM.map(() => makeSheet(settings.size));
  const work = makeSheet(settings.size);
  return views.flatMap(([view, slice, plane], place) => {
    const depth = breathing.normal(VARIATIONS[settings.difficulty].breathingMm);
    const shift: Vec3 = [0, depth * 0.3, depth];
    SHEETS_MM.forEach((offset, i) => {
      paintRest(plane, offset, shift, rest[i]!, body);
    });
    return body.beats.map((beat, phase) => {
      const key = hashWords(seed, index, place, phase);
      return { view, slice, phase, plane, ...takeImage(plane, shift, rest, work, body, beat, key, view) };
    });
  });
}

/** Paints what does not beat. */
function paintRest(plane: ImagePlane, offset: number, shift: Vec3, sheet: Sheet, body: Body): void {
  paintChest(makeRaster(plane, offset, [0, 0, 0], sheet), body.chest, body.contrast);
  const moved = makeRaster(plane, offset, shift, sheet);
  for (const { solid, value } of body.organs) paint(moved, solid, value);
  paintFat(moved, body.heart, body.vessels, body.contrast);
}

function takeImage(
  plane: ImagePlane,
  shift: Vec3,
  rest: readonly Sheet[],
  work: Sheet,
  body: Body,
  beat: Beat,
  key: number,
  view: PhantomView,
): Pick<PhantomImage, 'pixels' | 'mask'> {
  const sum = new Float32Array(work.value.length);
  let mask: Uint8Array | null = null;
  SHEETS_MM.forEach((offset, i) => {
    work.value.set(rest[i]!.value);
    work.label.fill(0);
    paintHeart(makeRaster(plane, offset, shift, work), body, beat);
    for (let p = 0; p < sum.length; p++) sum[p]! += work.value[p]!;
    if (offset === 0 && view === 'sax') mask = work.label.slice();
  });
  const still = makeRaster(plane, 0, [0, 0, 0], work);
  return { pixels: acquire(body.scanner, still, sum, SHEETS_MM.length, key), mask };
}

function paintHeart(raster: Raster, body: Body, beat: Beat): void {
  paintAboveBase(raster, body.heart, body.vessels, beat, body.contrast);
  paintVentricles(raster, body.heart, beat, body.contrast);
  paintPapillaries(raster, body.heart, beat, body.contrast);
}
