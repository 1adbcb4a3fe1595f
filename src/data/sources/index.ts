/** @file Kinds of data sets that can be opened; of several in one folder the first is taken. */
import { acdc } from './acdc.ts';
import { dicom } from './dicom.ts';
import { frames } from './frames.ts';
import { mrnet } from './mrnet.ts';
import type { Source } from './source.ts';

export const sources: readonly Source[] = [dicom, acdc, mrnet, frames];
