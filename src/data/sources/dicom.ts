/** @file DICOM studies: the images of one view, with the lines and locations that the headers give. */
import { plural } from '../../base/words.ts';
import { prepareScan } from '../prepare.ts';
import { scanFiles } from '../scan.ts';
import type { Source } from './source.ts';

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
      prepare: async () => ({ ...(await prepareScan(scan, options)), ignored: scan.ignored }),
    };
  },
};
