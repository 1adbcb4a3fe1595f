/** @file Views in words, and which of them are planes of the body. */
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
