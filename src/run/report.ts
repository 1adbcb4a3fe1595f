/** @file What a run's report is told, in Node and in the browser alike. */
import type { Split } from '../data/split.ts';
import { imagesOf } from '../data/split.ts';
import type { TrainingData } from '../data/types.ts';
import type { ReportInput } from '../report/report.ts';
import { reportTasks } from './evaluate.ts';
import { type PlanConfig, planRun } from './plan.ts';

/** A run at its end. */
export interface ReportedRun
  extends Pick<
    ReportInput,
    'adapter' | 'step' | 'ending' | 'timings' | 'metrics' | 'validation' | 'evaluation'
  > {
  /** What kind of training it was: `Pretraining`. */
  readonly kind: string;
  readonly config: PlanConfig;
  /** What of the configuration the report shows; default: all. */
  readonly shown?: object;
  readonly data: TrainingData;
  readonly split: Split;
  /** Where the data came from: a folder's name, or words for a cohort. */
  readonly name: string;
}

const partNames = ['train', 'validation', 'test'] as const;

export function reportInput({
  kind,
  config,
  shown = config,
  data,
  split,
  name,
  ...rest
}: ReportedRun): ReportInput {
  const { size, spacingMm, targetView, referenceViews, skipped, identifiers } = data.manifest;
  const parts = partNames.map((part) => ({
    name: part,
    subjects: split[part].length,
    images: imagesOf(data, split[part]).length,
  }));
  return {
    ...rest,
    title: `${kind}: ${Object.keys(config.tasks).join(' and ')}`,
    config: shown,
    tasks: reportTasks(planRun(config, data.manifest)),
    data: {
      name,
      size,
      spacingMm,
      targetView,
      referenceViews,
      skipped,
      parts,
      ...(identifiers && { identifiers }),
    },
  };
}
