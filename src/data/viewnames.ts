/** @file Views in words, which of them are planes of the body, and from where to where their stacks run. */
import { ownOf } from '../base/record.ts';

const words: Readonly<Record<string, string>> = {
  '2ch': '2-chamber',
  '3ch': '3-chamber',
  '4ch': '4-chamber',
  sax: 'short-axis',
};

/** A view's code as words: 2ch → 2-chamber. */
export function viewName(view: string): string {
  return ownOf(words, view.toLowerCase()) ?? view;
}

/** The planes of the body, in which other organs than the heart are imaged. */
export const BODY_PLANES = ['sagittal', 'coronal', 'axial'] as const;

/** Whether a view is sagittal, coronal or axial. */
export const isBodyPlane = (view: string | null): boolean => BODY_PLANES.some((own) => own === view);

/** As `stackDirection` and laterality have it. */
const ends: Readonly<Record<(typeof BODY_PLANES)[number], readonly [string, string]>> = {
  sagittal: ['inner or right side', 'outer or left side'],
  coronal: ['back', 'front'],
  axial: ['top', 'bottom'],
};

/** What lies at locations 0 and 1 of a view's stack: base and apex of a heart. */
export const stackEnds = (view: string | null): readonly [first: string, last: string] =>
  ownOf(ends, view ?? '') ?? ['base', 'apex'];
