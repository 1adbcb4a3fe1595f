/** @file What can be looked at, wherever it comes from: subjects, their stacks and their images. */

import { ConfigError } from '../../src/base/errors.ts';
import { bareHeader, type DicomHeader } from '../../src/data/dicom/header.ts';
import type { PixelImage } from '../../src/data/dicom/pixels.ts';
import { groupBy } from '../../src/data/lists.ts';
import { type ScannedImage, skippedOf } from '../../src/data/scan.ts';
import { findSpaces } from '../../src/data/study/frames.ts';
import { chooseReference, type Reference } from '../../src/data/study/references.ts';
import { unwanted } from '../../src/data/study/roles.ts';
import { buildStacks, evenRuns, type Stack, stackLocations } from '../../src/data/study/stacks.ts';
import type { ImagePlane, PreparedData, SkippedFile } from '../../src/data/types.ts';
import { BODY_PLANES } from '../../src/data/viewnames.ts';
import type { ImageRequest, ImageValues, StackInfo, StudyInfo } from '../protocol.ts';

export interface Library {
  readonly subjects: readonly string[];
  readonly skipped: readonly SkippedFile[];
  /** Why images cannot be read again as the DICOM files they were; null where they can. */
  readonly noDicom: string | null;
  /** Whether images are prepared, and so lie as a network sees them. */
  readonly prepared?: boolean;
  /** All images of a subject, of every view. */
  images(subject: string): readonly ScannedImage[];
  viewOf(image: ScannedImage): string | null;
  read(image: ScannedImage): Promise<PixelImage>;
}

/** An image that was never in a DICOM file. */
export function scannedImage(
  path: string,
  patientId: string,
  plane: ImagePlane,
  phase: number,
  { space, known }: { readonly space?: number | undefined; readonly known?: Partial<DicomHeader> } = {},
): ScannedImage {
  const uid = space === undefined ? null : String(space);
  return {
    source: { path, read: async () => new Uint8Array() },
    header: bareHeader(path, plane, {
      ...known,
      patientId,
      instanceNumber: phase + 1,
      studyUid: uid,
      frameOfReferenceUid: uid,
    }),
  };
}

/** Views as people order them: the stack first, then the long axes. */
const viewOrder = ['short-axis', '2-chamber', '3-chamber', '4-chamber', 'long-axis', ...BODY_PLANES];

const rank = (view: string | null): number => {
  const known = viewOrder.indexOf(view ?? '');
  return view === null ? viewOrder.length + 1 : known < 0 ? viewOrder.length : known;
};

export interface LoadedStack {
  readonly view: string | null;
  readonly label: string;
  readonly stack: Stack;
}

export interface LoadedStudy {
  readonly stacks: readonly LoadedStack[];
  readonly skipped: readonly SkippedFile[];
}

/** The study looked at last is asked for image by image. */
const latest = new WeakMap<Library, { readonly subject: string; readonly study: LoadedStudy }>();

/** The stacks of a subject, all views, in the order the page shows them. */
export function stacksOf(library: Library, subject: string): LoadedStudy {
  const known = latest.get(library);
  if (known?.subject === subject) return known.study;
  const study = buildStudy(library, subject);
  latest.set(library, { subject, study });
  return study;
}

function buildStudy(library: Library, subject: string): LoadedStudy {
  const images = library.images(subject);
  if (images.length === 0) throw new ConfigError(`There is no image of ${subject}. Choose another study.`);
  const left = unwanted(images);
  const wanted = images.filter((image) => !left.has(image));
  const name = (image: ScannedImage): string =>
    library.viewOf(image) ?? `?${image.header.seriesDescription ?? ''}`;
  const spaces = findSpaces(subject, images, { viewOf: library.viewOf, runsOf: evenRuns });
  const stacks = [...groupBy(wanted, name).values()].flatMap((group) => {
    const view = library.viewOf(group[0]!);
    const label = view ?? group[0]!.header.seriesDescription ?? 'unnamed view';
    return buildStacks(group, spaces, left).map((stack) => ({ view, label, stack }));
  });
  const size = ({ stack }: LoadedStack): number => stack.locations.length;
  stacks.sort((a, b) => rank(a.view) - rank(b.view) || size(b) - size(a));
  return { stacks, skipped: skippedOf(left) };
}

/** The plane that stands for a view beside a stack, as preparation chooses it. */
export function referenceOf(stacks: readonly LoadedStack[], target: Stack, view: string): Reference {
  const own = stacks.filter((stack) => stack.view === view).map(({ stack }) => stack);
  return chooseReference(target, own, view);
}

/** Which slice of which stack stands for each other view beside a stack. */
function referencesOf(stacks: readonly LoadedStack[], { view, stack }: LoadedStack): StackInfo['references'] {
  const views = new Set(stacks.flatMap((other) => (other.view !== view && other.view) || []));
  return [...views].flatMap((other) => {
    const { image } = referenceOf(stacks, stack, other);
    if (image === null) return [];
    const index = stacks.findIndex(({ stack: { locations } }) => locations.some((own) => own[0] === image));
    return [{ stack: index, slice: stacks[index]!.stack.locations.findIndex((own) => own[0] === image) }];
  });
}

function stackInfo(loaded: LoadedStack, stacks: readonly LoadedStack[]): StackInfo {
  const { view, label, stack } = loaded;
  const { locations } = stackLocations(stack);
  const slices = stack.locations.map((images, slice) => ({
    plane: images[0]!.header.plane,
    files: images.map(({ source }) => source.path),
    location: locations?.[slice] ?? null,
  }));
  return { view, label, slices, references: referencesOf(stacks, loaded) };
}

export function studyInfo(library: Library, subject: string): StudyInfo {
  const { stacks, skipped } = stacksOf(library, subject);
  const files = new Set(library.images(subject).map(({ source }) => source.path.split('/')[0]));
  const own = library.skipped.filter(({ file }) => files.has(file.split('/')[0]));
  return { subject, stacks: stacks.map((stack) => stackInfo(stack, stacks)), skipped: [...own, ...skipped] };
}

/** Least and most of what should be seen: the 1st and 99.5th percentile. */
function windowOf(values: Float32Array): { low: number; high: number } {
  const sorted = values.slice().sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const [low, high] = [at(0.01), at(0.995)];
  return high > low ? { low, high } : { low, high: low + 1 };
}

export async function imageValues(library: Library, request: ImageRequest): Promise<ImageValues> {
  const { subject, stack, slice, frame } = request;
  const image = stacksOf(library, subject).stacks[stack]?.stack.locations[slice]?.[frame];
  if (!image) throw new ConfigError(`${subject} has no slice ${slice + 1}, phase ${frame + 1} there.`);
  const { rows, columns, values } = await library.read(image);
  return { rows, columns, values: values.slice(), ...windowOf(values) };
}

/** Prepared data to look at when the originals are gone. Files of one subject stand for its images. */
export function preparedLibrary(...sets: readonly PreparedData[]): Library {
  const pixels = new Map<ScannedImage, PixelImage>();
  const views = new Map<ScannedImage, string>();
  const bySubject = new Map<string, ScannedImage[]>();
  for (const { manifest, pixels: all } of sets) {
    const { size } = manifest;
    for (const [i, { subject, file, plane, frame, view, space }] of manifest.images.entries()) {
      const image = scannedImage(file, subject, plane, frame, { space });
      const values = all.subarray(i * size * size, (i + 1) * size * size);
      pixels.set(image, { rows: size, columns: size, values });
      views.set(image, view);
      const own = bySubject.get(subject);
      if (own) own.push(image);
      else bySubject.set(subject, [image]);
    }
  }
  return {
    subjects: [...bySubject.keys()].sort(),
    skipped: sets[0]?.manifest.skipped ?? [],
    prepared: true,
    noDicom: 'No DICOM files are open. If there are some, open their folder again.',
    images: (subject) => bySubject.get(subject) ?? [],
    viewOf: (image) => views.get(image) ?? null,
    read: async (image) => pixels.get(image)!,
  };
}
