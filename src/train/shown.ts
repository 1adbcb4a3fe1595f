/** @file Which images stand for many where they are shown. */
import { groupBy } from '../data/lists.ts';
import type { PreparedImage } from '../data/types.ts';

/** Slices of the first phase, evenly from base to apex, of the first subjects. */
export function shownImages<T extends Pick<PreparedImage, 'subject' | 'frame' | 'slice'>>(
  images: readonly T[],
  most: { readonly subjects: number; readonly slices: number },
): T[] {
  const bySubject = [...groupBy(images, ({ subject }) => subject).values()];
  return bySubject.slice(0, most.subjects).flatMap((own) => {
    const first = Math.min(...own.map(({ frame }) => frame));
    const stack = own.filter(({ frame }) => frame === first).sort((a, b) => a.slice - b.slice);
    const count = Math.min(most.slices, stack.length);
    return Array.from({ length: count }, (_, i) => stack[Math.floor(((i + 0.5) * stack.length) / count)]!);
  });
}
