/** @file The panel. */
import type { App } from '../app.ts';
import { h } from '../dom.ts';
export function usePanel(_app: App): HTMLElement {
  return h('div', {});
}
