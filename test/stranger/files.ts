/** @file A folder of images as text: discs of many sizes on dark ground. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const subjects = 6;
export const slices = 3;
const side = 18;

/** Rows of numbers. @param n tells images apart */
export function imageText(n: number): string {
  const radius = 2 + ((n * 7) % 11) / 2;
  const at = (x: number, y: number) => Math.hypot(x - side / 2 - (n % 3), y - side / 2) < radius;
  const rows = Array.from({ length: side }, (_, y) =>
    Array.from({ length: side }, (_, x) => (at(x, y) ? 9 : ((x * y + n) % 4) / 4)),
  );
  return `${rows.map((row) => row.join(' ')).join('\n')}\n`;
}

/** By path: `subject/slice.txt`. */
export const textFiles: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from({ length: subjects * slices }, (_, n) => [
    `s${Math.floor(n / slices)}/${n % slices}.txt`,
    imageText(n),
  ]),
);

export async function writeTexts(folder: string): Promise<void> {
  for (const [path, content] of Object.entries(textFiles)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}
