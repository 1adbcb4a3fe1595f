/** @file Convolution with groups, and strides, paddings and dilations by axis, and its adjoint in plain float64 loops. */
import { type Host, host } from '../check.ts';

type Pair = readonly [number, number];

/** Options in full. */
export interface Full {
  readonly stride: Pair;
  /** Top, bottom, left, right. */
  readonly padding: readonly [number, number, number, number];
  readonly dilation: Pair;
  readonly outputPadding: Pair;
  readonly groups: number;
}

export const plain: Full = {
  stride: [1, 1],
  padding: [0, 0, 0, 0],
  dilation: [1, 1],
  outputPadding: [0, 0],
  groups: 1,
};

type Four = [number, number, number, number];

/** Visits (small, large, weight) indices of every term: small pixel j lies on j·stride + tap·dilation − before. */
function terms(
  large: Host,
  small: Host,
  weight: Host,
  s: Full,
  visit: (s: number, l: number, w: number) => void,
) {
  const [batch, height, width, channels] = large.shape as Four;
  const [, rows, columns, count] = small.shape as Four;
  const [kernelHeight, kernelWidth, a] = weight.shape as Four;
  const b = count / s.groups;
  for (let n = 0; n < batch; n++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++)
        for (let ky = 0; ky < kernelHeight; ky++)
          for (let kx = 0; kx < kernelWidth; kx++) {
            const y = i * s.stride[0] + ky * s.dilation[0] - s.padding[0];
            const x = j * s.stride[1] + kx * s.dilation[1] - s.padding[2];
            if (y < 0 || x < 0 || y >= height || x >= width) continue;
            for (let o = 0; o < count; o++)
              for (let c = 0; c < a; c++)
                visit(
                  ((n * rows + i) * columns + j) * count + o,
                  ((n * height + y) * width + x) * channels + Math.floor(o / b) * a + c,
                  ((ky * kernelWidth + kx) * a + c) * count + o,
                );
          }
}

function filled(shape: readonly number[], bias: Host | undefined): Host {
  const channels = shape[3]!;
  const size = shape.reduce((product, side) => product * side, 1);
  return host(
    shape,
    Float64Array.from({ length: size }, (_, i) => bias?.data[i % channels] ?? 0),
  );
}

export function conv(x: Host, weight: Host, bias: Host | undefined, s: Full): Host {
  const [batch, height, width] = x.shape as Four;
  const [kernelHeight, kernelWidth, , count] = weight.shape as Four;
  const side = (axis: 0 | 1, size: number, taps: number) => {
    const room = size + s.padding[2 * axis]! + s.padding[2 * axis + 1]! - s.dilation[axis] * (taps - 1) - 1;
    return Math.floor(room / s.stride[axis]) + 1;
  };
  const y = filled([batch, side(0, height, kernelHeight), side(1, width, kernelWidth), count], bias);
  terms(x, y, weight, s, (small, large, at) => {
    y.data[small]! += x.data[large]! * weight.data[at]!;
  });
  return y;
}

export function transposed(x: Host, weight: Host, bias: Host | undefined, s: Full): Host {
  const [batch, height, width] = x.shape as Four;
  const [kernelHeight, kernelWidth, a] = weight.shape as Four;
  const side = (axis: 0 | 1, size: number, taps: number) =>
    (size - 1) * s.stride[axis] -
    s.padding[2 * axis]! -
    s.padding[2 * axis + 1]! +
    s.dilation[axis] * (taps - 1) +
    s.outputPadding[axis] +
    1;
  const shape = [batch, side(0, height, kernelHeight), side(1, width, kernelWidth), a * s.groups];
  const y = filled(shape, bias);
  terms(y, x, weight, s, (small, large, at) => {
    y.data[large]! += x.data[small]! * weight.data[at]!;
  });
  return y;
}
