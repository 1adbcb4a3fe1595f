/** @file What page and worker say of a study: its stacks, its images, what weights make of them. */
import type { Affine, ImagePlane, SkippedFile } from '../../src/data/types.ts';
import type { PlaneError } from '../../src/planning/plane.ts';
import type { PlannedUncertainty } from '../../src/planning/uncertainty.ts';
import type { Finding } from '../../src/results/mark.ts';
import type { Result } from '../../src/results/result.ts';
import type { Grid } from './data.ts';

/** One slice of a stack with its phases. */
export interface SliceInfo {
  readonly plane: ImagePlane;
  readonly files: readonly string[];
  /** 0 … 1 between the ends of the stack (`stackEnds`), null in a stack of one slice. */
  readonly location: number | null;
}

export interface StackInfo {
  readonly view: string | null;
  readonly label: string;
  readonly slices: readonly SliceInfo[];
  /** Which slice of which stack stands for each other view beside this one; none of another frame of reference. */
  readonly references: readonly { readonly stack: number; readonly slice: number }[];
}

export interface StudyInfo {
  readonly subject: string;
  readonly stacks: readonly StackInfo[];
  readonly skipped: readonly SkippedFile[];
}

export interface ImageRequest {
  readonly subject: string;
  readonly stack: number;
  readonly slice: number;
  readonly frame: number;
}

/** Pixels of an image and the window that shows them well. */
export interface ImageValues {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array<ArrayBuffer>;
  readonly low: number;
  readonly high: number;
}

/** Loaded weights. */
export interface WeightsSummary extends Grid {
  readonly name: string;
  /** Whether they are the page's own run's, not a file's. */
  readonly own: boolean;
  /** What they predict, of each task. */
  readonly tells: readonly string[];
  readonly referenceViews: readonly string[];
  readonly targetView: string;
  /** In words. */
  readonly network: string;
  readonly parameters: number;
  readonly steps: number | null;
  /** On what they say they were pretrained; null where they do not. */
  readonly saw: string | null;
  /** Whether planes of other views can be planned with them. */
  readonly plansLines: boolean;
  /** Whether the file itself says all this, or it was read off the weights' shapes. */
  readonly described: boolean;
}

/** What the weights say about one slice, on the grid of the weights. */
export interface SlicePrediction {
  readonly slice: number;
  /** Of each task. */
  readonly findings: readonly Finding[];
  /** From the original image's pixels to those of the grid. */
  readonly toGrid: Affine;
}

export interface PredictionRequest extends Omit<ImageRequest, 'slice'> {
  /** One slice, or null for the whole stack. */
  readonly slice: number | null;
}

export interface StudyPrediction {
  readonly subject: string;
  readonly stack: number;
  readonly frame: number;
  /** Side of the grid, pixels. */
  readonly size: number;
  readonly slices: readonly SlicePrediction[];
  /** Over the slices, beside what the headers say. */
  readonly results: readonly Result[];
  readonly seconds: number;
}

export type PlanRequest = Omit<ImageRequest, 'slice'>;

/** A view's plane as the weights plan it on a stack. */
export interface PlannedPlane {
  readonly view: string;
  readonly plane: ImagePlane;
  readonly uncertainty: PlannedUncertainty;
  /** Slices that count. */
  readonly used: number;
  /** Beside the real view; null where the study has none. */
  readonly error: PlaneError | null;
}

export interface StudyPlan {
  readonly subject: string;
  readonly stack: number;
  readonly views: readonly PlannedPlane[];
  /** Why other views could not be planned. */
  readonly refused: readonly string[];
}
