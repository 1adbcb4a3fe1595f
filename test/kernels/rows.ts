/** @file Tensors on the host by rows: what concat, slice, stack and split are checked against. */
import { type Host, host } from '../check.ts';

/** One row for each index along the axes before `axis`. */
export function rows({ shape, data }: Host, axis: number): number[][] {
  const length = shape.slice(axis).reduce((a, b) => a * b, 1);
  return Array.from({ length: data.length / length }, (_, i) => [
    ...data.subarray(i * length, (i + 1) * length),
  ]);
}

/** The parts side by side along the axis. */
export function joined(parts: readonly Host[], axis: number): Host {
  const shape = parts[0]!.shape.map((size, i) =>
    i === axis ? parts.reduce((sum, part) => sum + part.shape[axis]!, 0) : size,
  );
  const each = parts.map((part) => rows(part, axis));
  return host(
    shape,
    each[0]!.flatMap((_, row) => each.flatMap((part) => part[row]!)),
  );
}

/** Elements start … end−1 along the axis. */
export function sliced(x: Host, axis: number, start: number, end: number): Host {
  const inner = x.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const shape = x.shape.map((size, i) => (i === axis ? end - start : size));
  return host(
    shape,
    rows(x, axis).flatMap((row) => row.slice(start * inner, end * inner)),
  );
}
