/** @file Views in words. */
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
