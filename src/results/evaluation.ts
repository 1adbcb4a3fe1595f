/** @file What is known of a network once its images are judged: what report, page and terminal are told. */
import type { Sample } from '../data/sample.ts';
import type { Finding, Scatter, Table } from './mark.ts';
import type { PlannedErrors } from './planes.ts';
import type { Result } from './result.ts';

/** Which subjects were evaluated. */
export type PartName = 'test' | 'validation' | 'training';

/** An image with what is shown of it. */
export interface ShownImage {
  readonly sample: Sample;
  /** Of each task. */
  readonly findings: readonly Finding[];
}

/** What was measured of a network, and on whom. */
export interface Evaluation {
  /** Which subjects were evaluated: test where there are any, else validation, else those trained on. */
  readonly part: PartName;
  readonly images: number;
  readonly subjects: number;
  readonly results: readonly Result[];
  /** Each task's part of evaluation.json. */
  readonly summaries: Readonly<Record<string, object | null>>;
  readonly scatters: readonly Scatter[];
  readonly tables?: readonly Table[];
  readonly notes: readonly string[];
  /** Which images were not judged, and why: sentences. */
  readonly left?: readonly string[];
  readonly shown: readonly ShownImage[];
  /** For weights to keep; none where they were evaluated on what they were trained on. */
  readonly plannedErrors?: PlannedErrors;
}
