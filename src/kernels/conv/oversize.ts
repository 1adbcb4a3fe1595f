/** @file Weights larger than what one binding holds: convolutions take them a row of taps at a time. */
import { ShapeError } from '../../base/errors.ts';
import { disown } from '../../tensor/scope.ts';
import { formatShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';

/** Where views may begin, bytes. */
const ALIGNMENT = 256;

/** Whether a convolution's weight is to be taken by `tapRows`. */
export const isOversize = ({ byteLength, device }: Tensor): boolean => byteLength > device.caps.maxBinding;

/**
 * The rows of taps of a weight [kernelHeight, kernelWidth, …], each as a weight of one row, to be disposed.
 * @throws ShapeError where even one is larger than a binding, or begins where none may
 */
export function tapRows(op: string, weight: Tensor): { readonly weight: Tensor; readonly row: number }[] {
  const { device, dtype, shape, storage, offset, byteLength } = weight;
  const rows = shape[0]!;
  const bytes = byteLength / rows;
  const { maxBinding } = device.caps;
  if (bytes > maxBinding || bytes % ALIGNMENT !== 0) {
    const problem = `${formatShape(shape)} has ${byteLength} bytes; this adapter takes ${maxBinding} at once`;
    throw new ShapeError(op, 'weight', problem, 'Use fewer channels, mixed precision or another adapter.');
  }
  return Array.from({ length: rows }, (_, row) => {
    const spec = { shape: [1, ...shape.slice(1)], dtype };
    const part = new Tensor(device, storage.retain(), spec, weight.label, offset + row * bytes);
    return { weight: disown(part), row };
  });
}
