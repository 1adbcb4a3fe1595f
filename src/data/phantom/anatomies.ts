/** @file What phantoms there are of: the heart and the knee, each with its options and the layouts it is written in. */
import { ConfigError } from '../../base/errors.ts';
import { refused } from '../../base/needed.ts';
import { encodeAcdc } from './acdc.ts';
import { encodeDicom } from './dicom.ts';
import type { EncodedFile } from './elements.ts';
import { encodeKneeDicom } from './knee/dicom.ts';
import { encodeLabels, encodeMrnet, mrnetName } from './knee/mrnet.ts';
import { kneeSettings } from './knee/settings.ts';
import { kneeSubject } from './knee/subject.ts';
import type { PhantomAnatomy } from './names.ts';
import { type PhantomOptions, phantomSettings } from './settings.ts';
import { phantomId, phantomSubject } from './subject.ts';

export interface Cohort extends PhantomOptions {
  readonly seed: number;
  readonly subjects: number;
}

/** Names of layouts are those of the data sources that read them. */
export interface Anatomy {
  /** The first has no annotations, the second has. */
  readonly layouts: readonly [string, string];
  /** What `cohort.json` says of the options. Throws ConfigError for one that is out of range or means nothing here. */
  settings(options: PhantomOptions): object;
  /** The files of a subject in each of the layouts asked for. */
  encode(cohort: Omit<Cohort, 'subjects'>, index: number, layouts: readonly string[]): EncodedFile[];
  /** What a subject is called in its layouts: names of nobody. */
  names(index: number): readonly string[];
  /** Files that are about the whole cohort. */
  shared(cohort: Cohort, layouts: readonly string[]): EncodedFile[];
}

const heart: Anatomy = {
  layouts: ['dicom', 'acdc'],
  settings: phantomSettings,
  encode({ seed, ...options }, index, layouts) {
    const subject = phantomSubject(seed, index, options);
    return [
      ...(layouts.includes('dicom') ? encodeDicom(subject) : []),
      ...(layouts.includes('acdc') ? encodeAcdc(subject) : []),
    ];
  },
  names: (index) => [phantomId(index)],
  shared: () => [],
};

const knee: Anatomy = {
  layouts: ['dicom', 'mrnet'],
  settings({ phases, longAxis, ...options }) {
    const stray = phases !== undefined ? 'phases' : longAxis !== undefined ? 'longAxis' : null;
    if (stray) throw new ConfigError(`phantom: ${stray} means nothing to knees. Leave it out.`);
    return { anatomy: 'knee', ...kneeSettings(options) };
  },
  encode({ seed, ...options }, index, layouts) {
    const subject = kneeSubject(seed, index, options);
    return [
      ...(layouts.includes('dicom') ? encodeKneeDicom(subject) : []),
      ...(layouts.includes('mrnet') ? encodeMrnet(subject) : []),
    ];
  },
  names: (index) => [phantomId(index), mrnetName(index)],
  shared: ({ seed, subjects }, layouts) => (layouts.includes('mrnet') ? encodeLabels(seed, subjects) : []),
};

export const anatomies: Readonly<Record<PhantomAnatomy, Anatomy>> = { heart, knee };

/**
 * The layouts that are written.
 * @param asked null: all
 * @throws ConfigError for one that the anatomy is not written in
 */
export function layoutsOf(anatomy: PhantomAnatomy, asked: string | null): readonly string[] {
  const { layouts } = anatomies[anatomy];
  if (asked === null) return layouts;
  if (layouts.includes(asked)) return [asked];
  throw new ConfigError(
    `phantom: ${refused('layout ', asked, `of the ${anatomy} one of ${layouts.join(', ')} is needed`)}.`,
  );
}
