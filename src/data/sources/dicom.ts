/** @file DICOM studies: the images of one view, with the lines and locations that the headers give. */
import { plural } from '../../base/words.ts';
import { preparePlan } from '../prepare.ts';
import { type Scan, scanFiles } from '../scan.ts';
import { planScan } from '../study/plan.ts';
import { seriesRows } from '../study/summary.ts';
import type { Prepared, Source, SourceOptions } from './source.ts';

async function prepareScan(scan: Scan, options: SourceOptions): Promise<Prepared> {
  const plan = planScan(scan, options);
  const data = await preparePlan(plan, options);
  const { notices, ignored, outcomes } = plan;
  const planned = new Set(plan.skipped);
  const undecoded = data.manifest.skipped.filter((file) => !planned.has(file));
  return { data, notices, ignored, series: seriesRows(outcomes, undecoded) };
}

export const dicom: Source = {
  name: 'dicom',
  title: 'DICOM images',
  kind: 'DICOM',
  options: [
    'views',
    'targetView',
    'referenceViews',
    'referenceSlice',
    'subjects',
    'locationDirection',
    'decode',
  ],
  async find(files, options) {
    const scan = await scanFiles(files, options.onProgress);
    const count = scan.images.length;
    if (count + scan.skipped.length === 0) return null;
    return {
      count,
      text: plural(count, 'DICOM image'),
      prepare: () => prepareScan(scan, options),
    };
  },
};
