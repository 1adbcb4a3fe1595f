/** @file A folder the user opened: its series grouped for the mapping, prepared by that mapping, and to look at. */
import { type PixelImage, readPixels } from '../../src/data/dicom/pixels.ts';
import { preparePlan } from '../../src/data/prepare.ts';
import { folderOf, type Scan, type ScannedImage, scanFiles } from '../../src/data/scan.ts';
import { groupBy } from '../../src/data/stacks.ts';
import { planScan, type StudyPlan } from '../../src/data/study.ts';
import type { FileSource, PreparedData, Reason } from '../../src/data/types.ts';
import { type SubjectRule, subjectOf, viewOf } from '../../src/data/views.ts';
import type { Busy, FolderChoice, FolderInfo, PickedFile, SeriesGroup } from '../protocol.ts';
import type { Library } from './library.ts';

/** sax_12 and sax_13 are one row: numbers in folder names are left open. */
const folderPattern = (path: string): string =>
  (folderOf(path).split('/').at(-1) ?? '').replace(/\d{2,}|\d+$/g, '#');

const keyOf = ({ header, source }: ScannedImage): string =>
  `${folderPattern(source.path)}|${header.seriesDescription ?? ''}`;

const seriesOf = ({ header, source }: ScannedImage): string => header.seriesUid ?? folderOf(source.path);

const distinct = <T>(items: readonly T[], key: (item: T) => string): string[] => [...new Set(items.map(key))];

function groupOf(key: string, images: readonly ScannedImage[]): SeriesGroup {
  const [first] = images;
  const folder = folderPattern(first!.source.path);
  return {
    key,
    label: first!.header.seriesDescription ?? folder,
    folder,
    series: distinct(images, seriesOf).length,
    images: images.length,
    patients: distinct(images, subjectOf).length,
    guess: viewOf(first!),
  };
}

const list = (names: readonly string[]): string =>
  names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');

/** What is odd about how patients and folders go together. */
function noticesOf(images: readonly ScannedImage[]): string[] {
  const top = (image: ScannedImage): string => subjectOf(image, 'folder');
  const folders = groupBy(images, top);
  const patients = distinct(images, subjectOf);
  const mixed = [...folders].flatMap(([folder, own]) => {
    const ids = distinct(own, subjectOf);
    return ids.length > 1
      ? [
          `Folder ${folder} mixes images of ${ids.length} patients (${list([...ids].sort())}). They are kept apart by PatientID.`,
        ]
      : [];
  });
  const stacks = distinct(
    images.filter((image) => viewOf(image) === 'short-axis'),
    top,
  );
  const shared =
    patients.length === 1 && stacks.length > 1
      ? [
          `${stacks.length} folders hold short-axis images under one PatientID (${patients[0]}). If they are different people, choose “one subject per folder”.`,
        ]
      : [];
  return [...mixed, ...shared];
}

export class Folder {
  readonly name: string;
  readonly #scan: Scan;
  readonly #files: number;

  private constructor(name: string, scan: Scan, files: number) {
    this.name = name;
    this.#scan = scan;
    this.#files = files;
  }

  /** Reads every file's header. */
  static async open(
    name: string,
    files: readonly PickedFile[],
    onBusy: (busy: Busy) => void,
  ): Promise<Folder> {
    // In the order the program reads them: browsers list a folder in any.
    const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
    const sources = sorted.map(
      ({ path, file }): FileSource => ({ path, read: async () => new Uint8Array(await file.arrayBuffer()) }),
    );
    const scan = await scanFiles(sources, ({ done, total, file }) =>
      onBusy({ what: 'Reading headers', done, total, detail: file }),
    );
    return new Folder(name, scan, files.length);
  }

  get info(): FolderInfo {
    const { images, skipped } = this.#scan;
    return {
      name: this.name,
      files: this.#files,
      images: images.length,
      patients: distinct(images, subjectOf),
      groups: [...groupBy(images, keyOf)].map(([key, group]) => groupOf(key, group)),
      skipped,
      notices: noticesOf(images),
      ignored: this.#files - images.length - skipped.length,
    };
  }

  /** Prepares the short-axis images, and one image of each reference plane so that it can be shown later. */
  async prepare(
    choice: FolderChoice,
    onBusy: (busy: Busy) => void,
    onWarning: (file: string, reason: Reason) => void,
  ): Promise<{ data: PreparedData; references: PreparedData | null }> {
    const { size, spacingMm, subjects, views } = choice;
    const options = {
      views: (image: ScannedImage) => views[keyOf(image)] ?? null,
      subjects,
      size,
      spacingMm,
    };
    const plan = planScan(this.#scan, options);
    const onProgress = ({ done, total, file }: { done: number; total: number; file: string }): void =>
      onBusy({ what: 'Preparing images', done, total, detail: file });
    const data = await preparePlan(plan, { ...options, onProgress, onWarning });
    return { data, references: await this.#references(plan, options) };
  }

  async #references(
    plan: StudyPlan,
    options: {
      size: number;
      spacingMm: number;
      views: (image: ScannedImage) => string | null;
      subjects: SubjectRule;
    },
  ): Promise<PreparedData | null> {
    const wanted = new Map(
      plan.targets.flatMap(({ references, subject }) =>
        references.map(({ file }) => [file, subject] as const),
      ),
    );
    const targets = this.#scan.images.flatMap((image) => {
      const subject = wanted.get(image.source.path);
      if (subject === undefined) return [];
      return [{ image, subject, slice: 0, frame: 0, location: null, references: [] }];
    });
    if (targets.length === 0) return null;
    const made = await preparePlan({ ...plan, skipped: [], targets, referenceViews: [] }, options);
    const viewed = new Map(targets.map(({ image }) => [image.source.path, options.views(image) ?? '']));
    const images = made.manifest.images.map((image) => ({ ...image, view: viewed.get(image.file) ?? '' }));
    return { ...made, manifest: { ...made.manifest, images } };
  }

  library(choice: FolderChoice): Library {
    const { images, skipped } = this.#scan;
    const bySubject = groupBy(images, (image) => subjectOf(image, choice.subjects));
    return {
      subjects: [...bySubject.keys()].sort(),
      skipped,
      images: (subject) => bySubject.get(subject) ?? [],
      viewOf: (image) => choice.views[keyOf(image)] ?? null,
      read: async ({ source }): Promise<PixelImage> => readPixels(await source.read(), source.path),
    };
  }
}
