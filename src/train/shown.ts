/** @file Which images stand for many where they are shown. */
import type { PreparedImage } from '../data/types.ts';

/** Slices of the first phase, evenly from base to apex, of the first subjects. */
export function shownImages<T extends Pick<PreparedImage, 'subject' | 'frame' | 'slice'>>(
  images: readonly T[],
  most: { readonly subjects: number; readonly slices: number },
): T[] {
  const bySubject = new Map<string, T[]>();
  for (const image of images) {
    const own = bySubject.get(image.subject);
    if (own) own.push(image);
    else if (bySubject.size < most.subjects) bySubject.set(image.subject, [image]);
  }
  return [...bySubject.values()].flatMap((own) => {
    const first = Math.min(...own.map(({ frame }) => frame));
    const stack = own.filter(({ frame }) => frame === first).sort((a, b) => a.slice - b.slice);
    const count = Math.min(most.slices, stack.length);
    return Array.from({ length: count }, (_, i) => stack[Math.floor(((i + 0.5) * stack.length) / count)]!);
  });
}
