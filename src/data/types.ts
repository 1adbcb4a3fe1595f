/** @file The records that pass between DICOM, geometry, the prepared store, the sampler and the tasks. */
import type { Values } from './values.ts';

/** A place or a direction in the patient: x to the left, y to the back, z to the head (DICOM’s LPS), mm. */
export type Vec3 = readonly [x: number, y: number, z: number];

/** a·x + b·y + d = 0 in pixels (x = column, y = row, centres at integers), a² + b² = 1: |a·x + b·y + d| is a distance in pixels. */
export type Line = readonly [a: number, b: number, d: number];

/** Row-major 2×3 affine map of pixel coordinates: (x, y) → (m0·x + m1·y + m2, m3·x + m4·y + m5). */
export type Affine = readonly [number, number, number, number, number, number];

/** Where an image lies in the patient (DICOM PS3.3 C.7.6.2), millimetres, LPS. */
export interface ImagePlane {
  /** ImagePositionPatient (0020,0032): centre of the first pixel. */
  readonly position: Vec3;
  /** ImageOrientationPatient[0:3] (0020,0037): unit vector along increasing column index. */
  readonly rowDirection: Vec3;
  /** ImageOrientationPatient[3:6]: unit vector along increasing row index. */
  readonly columnDirection: Vec3;
  /** PixelSpacing (0028,0030): [between rows, between columns], mm. */
  readonly spacingMm: readonly [betweenRows: number, betweenColumns: number];
  readonly rows: number;
  readonly columns: number;
}

/** Why something has no value; machine-readable `code`, human-readable `message`. */
export interface Reason {
  readonly code: string;
  readonly message: string;
}

/** A line, or why there is none. */
export type LineResult =
  | { readonly line: Line; readonly reason?: undefined }
  | { readonly line: null; readonly reason: Reason };

/** A file the scan could not use, and why. */
export interface SkippedFile {
  readonly file: string;
  /** Index of the image in a file of several, from 0, where only that one is skipped. */
  readonly fileFrame?: number;
  readonly reason: Reason;
}

/** Something about the data that a user should know, once; `code` for programs. */
export interface Notice extends Reason {
  /** The subject it is about, where it is about one. */
  readonly subject?: string;
}

/** One image as preparation stores it: square, isotropic, z-scored. */
export interface PreparedImage {
  readonly subject: string;
  readonly file: string;
  /** Index of the image in a file of several, from 0. */
  readonly fileFrame?: number;
  readonly view: string;
  /** Images of a subject whose planes compare have the same: study and frame of reference, as a number. */
  readonly space?: number;
  /** Cardiac phase index within its location, from 0; of a frame kept alone, its index in the cine. */
  readonly frame: number;
  /** Index of the slice in its stack, base to apex, from 0. */
  readonly slice: number;
  /** Per reference view (manifest order): the line in this prepared image's pixels, or null where there is none. */
  readonly lines: readonly (Line | null)[];
  /** Relative slice location 0 (base) … 1 (apex), or null for a stack of one location. */
  readonly location: number | null;
  /** Geometry of the prepared image itself (after turning, resampling and cropping). */
  readonly plane: ImagePlane;
  /** End diastole or end systole, where the source says so. */
  readonly phase?: 'ED' | 'ES';
}

/** Groups by subject; not every subject has one. */
export type Groups = Readonly<Record<string, string>>;

/** What experts may have said of images or subjects: classes of pixels, or groups of subjects. */
export type Annotation = 'masks' | 'groups';

/** What `manifest.json` of a store holds: grid, images with their labels, and where they came from. */
export interface PreparedManifest {
  readonly format: 'planewise-prepared';
  /** 2 where there are masks. */
  readonly version: 1 | 2;
  /** Side of every image in pixels. */
  readonly size: number;
  /** Pixel spacing of every image, mm, isotropic. */
  readonly spacingMm: number;
  readonly targetView: string;
  readonly referenceViews: readonly string[];
  /** Names of the classes in the masks, background first; none without masks. */
  readonly classes?: readonly string[];
  /** Of images whose colour is known: its space. The pixels are their lightness, then. */
  readonly colours?: 'CIELAB';
  readonly dtype: 'f32' | 'f16';
  /** Pathology groups by subject, of those whose group the source knows. */
  readonly groups?: Groups;
  /** Further labels by name, each with groups by subject: a finding that is there or not, say. */
  readonly labels?: Readonly<Record<string, Groups>>;
  /** Subjects whom those who published the data hold out; a configuration that names nobody tests on them. */
  readonly heldOut?: readonly string[];
  /** What names of subjects and files are: pseudonyms, as the images have them, or of nobody (phantoms); absent in older stores. */
  readonly identifiers?: 'pseudonyms' | 'kept' | 'nobody';
  /** Of pseudonyms: which key made them (no secret). */
  readonly key?: string;
  /** Of pseudonyms: the subjects in the order of the names that they stand for, in which draws take them. */
  readonly order?: readonly string[];
  /** Subjects of another data set, who only train and have no annotations, with their names there; never in a store. */
  readonly beside?: Readonly<Record<string, string>>;
  readonly images: readonly PreparedImage[];
  readonly skipped: readonly SkippedFile[];
}

/** In a mask: what is there is not known. */
export const UNKNOWN = 255;

/** A prepared data set, in memory or read from its files as it is asked for: image i is pixels[i·size² … (i+1)·size²). */
export interface TrainingData {
  readonly manifest: PreparedManifest;
  readonly pixels: Values<Float32Array>;
  /** [images, size, size], where there are masks: class numbers, or UNKNOWN. */
  readonly masks?: Values<Uint8Array>;
  /** [images, size, size, 2], of images in colour: a* and b* (CIELAB under D65); NaN where an image has none. */
  readonly colours?: Values<Float32Array>;
  /** Has images read that are soon asked for, while there is other work; absent where they are in memory. */
  readonly ahead?: (indices: readonly number[]) => void;
}

/** A prepared data set in memory. */
export interface PreparedData extends Omit<TrainingData, 'ahead'> {
  readonly pixels: Float32Array;
  readonly masks?: Uint8Array;
  readonly colours?: Float32Array;
}

/** A file by name, wherever it lives (disk, browser folder, memory). */
export interface FileSource {
  /** Path relative to the folder that was opened, with forward slashes. */
  readonly path: string;
  read(): Promise<Uint8Array>;
  /** The first `length` bytes, or all where there are fewer, and the file's size: where that is cheaper than `read`. */
  start?(length: number): Promise<{ readonly bytes: Uint8Array; readonly size: number }>;
}
