/** @file Heatmaps of exact lines, in plain float64, for the tests of what reads them. */
import type { Line } from '../../../src/data/types.ts';

/** exp(−distance²/2σ²), [size, size]. */
export function renderRidge(line: Line, size: number, sigma: number): Float32Array {
  return Float32Array.from({ length: size * size }, (_, i) => {
    const x = i % size;
    const distance = line[0] * x + line[1] * ((i - x) / size) + line[2];
    return Math.exp(-(distance * distance) / (2 * sigma * sigma));
  });
}

/** The line whose normal makes `degrees` with the x axis, `offset` pixels from the image centre. */
export function lineAt(degrees: number, offset: number, size: number): Line {
  const [a, b] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  return [a, b, -((a + b) * (size - 1)) / 2 - offset];
}
