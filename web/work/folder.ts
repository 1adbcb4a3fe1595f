/** @file A folder the user opened: its series grouped for the mapping, prepared by that mapping, and to look at. */
import { some } from '../../src/base/words.ts';
import { dicomReader } from '../../src/data/decoding.ts';
import { inOrder, isZip } from '../../src/data/files/sources.ts';
import { blobAccess, expand, listZip } from '../../src/data/files/zip.ts';
import { groupBy, openNumbers } from '../../src/data/lists.ts';
import { preparePlan } from '../../src/data/prepare.ts';
import { folderOf, type Scan, type ScannedImage, scanFiles, seriesOf } from '../../src/data/scan.ts';
import { findSources, openFiles, type Sighted } from '../../src/data/sources/open.ts';
import { planScan, type StudyPlan } from '../../src/data/study/plan.ts';
import { findSubjects, type Subjects } from '../../src/data/study/subjects.ts';
import { bodyPlaneOf, viewOf } from '../../src/data/study/views.ts';
import type { FileSource, Notice, PreparedData, Reason } from '../../src/data/types.ts';
import { upright } from '../../src/data/upright.ts';
import { isBodyPlane } from '../../src/data/viewnames.ts';
import type {
  Busy,
  FolderChoice,
  FolderInfo,
  Grid,
  OtherFiles,
  PickedFile,
  SeriesGroup,
} from '../protocol.ts';
import { spacingFor } from './datainfo.ts';
import type { Library } from './library.ts';

/** sax_12 and sax_13 are one row: numbers in folder names are left open. No row is of two views. */
const folderPattern = (path: string): string => openNumbers(folderOf(path).split('/').at(-1) ?? '');

const keyOf = (image: ScannedImage): string =>
  `${folderPattern(image.source.path)}|${image.header.seriesDescription ?? ''}|${viewOf(image) ?? ''}`;

/** Of a heart surveys along the body's planes are no views. */
function guessOf(image: ScannedImage): string | null {
  const view = viewOf(image);
  return isBodyPlane(view) ? null : view;
}

/** The plane of the body that images are called after, or that they all lie in. */
function planeOf(images: readonly ScannedImage[]): string | null {
  const called = viewOf(images[0]!);
  if (called !== null) return isBodyPlane(called) ? called : null;
  const planes = distinct(images, ({ header }) => bodyPlaneOf(header.plane) ?? '');
  return planes.length === 1 ? planes[0] || null : null;
}

const distinct = <T>(items: readonly T[], key: (item: T) => string): string[] => [...new Set(items.map(key))];

function groupOf(key: string, images: readonly ScannedImage[], { nameOf }: Subjects): SeriesGroup {
  const [first] = images;
  const folder = folderPattern(first!.source.path);
  return {
    key,
    label: first!.header.seriesDescription ?? folder,
    folder,
    series: distinct(images, seriesOf).length,
    images: images.length,
    patients: distinct(images, nameOf).length,
    guess: guessOf(first!),
    plane: planeOf(images),
  };
}

const list = (names: readonly string[]): string => some(names, 3);

/** What is odd about how patients and folders go together. */
function noticesOf(images: readonly ScannedImage[], { nameOf, notices }: Subjects): string[] {
  const top = findSubjects(images, 'folder').nameOf;
  const folders = groupBy(images, top);
  const patients = distinct(images, nameOf);
  const mixed = [...folders].flatMap(([folder, own]) => {
    const ids = distinct(own, nameOf);
    return ids.length > 1
      ? [
          `Folder ${folder} mixes images of ${ids.length} patients (${list([...ids].sort())}). They are kept apart.`,
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
  return [...mixed, ...shared, ...notices.map(({ message }) => message)];
}

/** In the order the program reads them, archives opened; an archive alone stands for the folder. */
async function sourcesOf(name: string, files: readonly PickedFile[]): Promise<FileSource[]> {
  const sources: FileSource[] = [];
  for (const { path, file } of files) {
    const access = blobAccess(path, file);
    const inner =
      path === name && files.length === 1 && isZip(path)
        ? listZip(path, access, '')
        : expand(
            {
              path,
              read: () => access.read(0, file.size),
              start: async (length) => ({ bytes: await access.read(0, length), size: file.size }),
            },
            async () => access,
          );
    for (const source of await inner) sources.push(source);
  }
  return inOrder(sources);
}

/** The page maps the series of DICOM studies itself. */
const MAPPED = 'dicom';

/** What another source has among the files, in the order of sources. */
async function otherThanMapped(files: readonly FileSource[]): Promise<Sighted | null> {
  return (await findSources(files, MAPPED)).find(({ count }) => count > 0) ?? null;
}

const otherOf = ({ text, targetViews = [] }: Sighted): OtherFiles => ({ text, targetViews });

export class Folder {
  readonly name: string;
  readonly #scan: Scan;
  readonly #files: readonly FileSource[];
  /** What another source than DICOM has there. */
  readonly #other: Sighted | null;

  private constructor(name: string, scan: Scan, files: readonly FileSource[], other: Sighted | null) {
    this.name = name;
    this.#scan = scan;
    this.#files = files;
    this.#other = other;
  }

  /** Reads every file's header. */
  static async open(
    name: string,
    files: readonly PickedFile[],
    onBusy: (busy: Busy) => void,
  ): Promise<Folder> {
    const sources = await sourcesOf(name, files);
    const scan = await scanFiles(sources, ({ done, total, file }) =>
      onBusy({ what: 'Reading headers', done, total, detail: file }),
    );
    return new Folder(name, scan, sources, await otherThanMapped(sources));
  }

  get info(): FolderInfo {
    const { images, skipped, ignored } = this.#scan;
    const subjects = findSubjects(images);
    return {
      name: this.name,
      files: this.#files.length,
      images: images.length,
      patients: distinct(images, subjects.nameOf),
      groups: [...groupBy(images, keyOf)].map(([key, group]) => groupOf(key, group, subjects)),
      skipped,
      notices: [...noticesOf(images, subjects), ...this.#left()],
      // of another source's files none is DICOM
      ignored: this.#isOther ? 0 : ignored.length,
      other: this.#isOther ? otherOf(this.#other!) : null,
    };
  }

  #left(): string[] {
    if (!this.#other || this.#scan.images.length === 0) return [];
    return [`The folder also holds ${this.#other.text}. Open their folder alone to take those.`];
  }

  /** Whether another source's files are prepared, for want of DICOM images. */
  get #isOther(): boolean {
    return this.#other !== null && this.#scan.images.length === 0;
  }

  /** Prepares the images of the target view, and one image of each reference plane so that it can be shown later. */
  async prepare(
    choice: FolderChoice,
    onBusy: (busy: Busy) => void,
    onWarning: (file: string, reason: Reason) => void,
  ): Promise<{ data: PreparedData; references: PreparedData | null; notices: readonly Notice[] }> {
    const { size, subjects, views, targetView } = choice;
    const grid = { size, spacingMm: spacingFor(targetView, choice), ...(targetView && { targetView }) };
    const onProgress = ({ done, total, file }: { done: number; total: number; file: string }): void =>
      onBusy({ what: 'Preparing images', done, total, detail: file });
    if (this.#other && this.#isOther) {
      const told = { ...grid, source: this.#other.name, onProgress, onWarning };
      const { data, notices } = await openFiles(this.#files, told);
      return { data, references: null, notices };
    }
    const options = {
      views: (image: ScannedImage) => views[keyOf(image)] ?? null,
      subjects,
      ...grid,
    };
    const plan = planScan(this.#scan, options);
    const data = await preparePlan(plan, { ...options, onProgress, onWarning });
    return { data, references: await this.#references(plan, grid), notices: plan.notices };
  }

  async #references(plan: StudyPlan, grid: Grid): Promise<PreparedData | null> {
    const name = (file: string | undefined, frame: number | null | undefined): string =>
      `${file}#${frame ?? ''}`;
    const used = new Set(
      plan.targets.flatMap(({ references }) => references.map((one) => name(one.file, one.fileFrame))),
    );
    const planes = plan.outcomes.filter(
      ({ image, view }) =>
        view !== plan.targetView && used.has(name(image.source.path, image.header.fileFrame)),
    );
    // shown as they are stored, whatever the target view
    const none = { stack: 0, slice: 0, turn: upright, frame: 0, location: null, references: [] };
    const targets = planes.map(({ image, subject, space }) => ({ image, subject, space, ...none }));
    if (targets.length === 0) return null;
    const made = await preparePlan({ ...plan, skipped: [], targets, referenceViews: [] }, grid);
    const views = new Map(
      planes.map(({ image, view }) => [name(image.source.path, image.header.fileFrame), view]),
    );
    const images = made.manifest.images.map((image) => ({
      ...image,
      view: views.get(name(image.file, image.fileFrame)) ?? '',
    }));
    return { ...made, manifest: { ...made.manifest, images } };
  }

  /** The DICOM images; null where there are none to look at. */
  library(choice: FolderChoice): Library | null {
    if (this.#isOther) return null;
    const { images, skipped } = this.#scan;
    const bySubject = groupBy(images, findSubjects(images, choice.subjects).nameOf);
    return {
      subjects: [...bySubject.keys()].sort(),
      skipped,
      noDicom: null,
      images: (subject) => bySubject.get(subject) ?? [],
      viewOf: (image) => choice.views[keyOf(image)] ?? null,
      read: dicomReader(),
    };
  }
}
