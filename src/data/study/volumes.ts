/** @file Stacks of DICOM images as volumes to segment: one for each cardiac phase. */
import { unique } from '../files/sources.ts';
import { groupBy } from '../lists.ts';
import { writeNifti } from '../nifti/write.ts';
import type { ScannedImage } from '../scan.ts';
import type { FoundVolume } from '../sources/acdc/find.ts';
import { commonFrame } from './frames.ts';
import type { StudyPlan } from './plan.ts';
import { niftiOfSlices } from './slices.ts';
import type { Target } from './targets.ts';

/** A stack in one phase. */
export interface StackVolume extends FoundVolume {
  /** Base to apex: the volume's slices. */
  readonly slices: readonly ScannedImage[];
  /** Of the phase in its cine, from 1. */
  readonly instance: number;
  /** FrameOfReferenceUID (0020,0052) of the stack in all its phases, see `commonFrame`. */
  readonly frameOfReferenceUid: string | null;
}

/** The slices as the bytes of a NIfTI volume. Throws what reading them throws. */
const encoded = async (slices: readonly ScannedImage[]): Promise<Uint8Array> =>
  writeNifti(await niftiOfSlices(slices));

/** What a file may be called on every system. */
const safe = (subject: string): string => subject.replace(/[^\p{L}\p{N}._-]+/gu, '_') || 'subject';

/** `patient_phase03`, and where the subject has several stacks `patient_stack2_phase03`. */
function nameOf({ subject, stack, frame }: Target, stacks: number): string {
  const which = stacks > 1 ? `_stack${stack + 1}` : '';
  return `${safe(subject)}${which}_phase${String(frame + 1).padStart(2, '0')}`;
}

/** The stacks of a plan's target view, in each phase; no image is decoded before its volume is read. */
export function stackVolumes({ targets }: StudyPlan): StackVolume[] {
  const subjects = groupBy(targets, ({ subject }) => subject);
  const taken = new Set<string>();
  return [...subjects.values()].flatMap((own) => {
    const frameUids = new Map(
      [...groupBy(own, ({ stack }) => String(stack))].map(([stack, targets]) => [
        Number(stack),
        commonFrame(targets.map(({ image }) => image)),
      ]),
    );
    // a slice that lacks a phase must not put it behind those that follow
    const inOrder = own.toSorted((a, b) => a.stack - b.stack || a.frame - b.frame);
    const phases = groupBy(inOrder, ({ stack, frame }) => `${stack} ${frame}`);
    return [...phases.values()].map((found): StackVolume => {
      const ordered = [...found].sort((a, b) => a.slice - b.slice);
      const slices = ordered.map(({ image }) => image);
      const { subject, stack, frame, turn } = ordered[0]!;
      const name = unique(nameOf(ordered[0]!, frameUids.size), taken);
      const image = { path: slices[0]!.source.path, read: () => encoded(slices) };
      const volume = { subject, name, frame, phase: null, image, labels: null, turn };
      return { ...volume, slices, instance: frame + 1, frameOfReferenceUid: frameUids.get(stack)! };
    });
  });
}
