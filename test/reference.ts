/** @file Plain float64 loops: the reference every kernel is checked against. Layouts as the engine's (NHWC, HWIO). */
import { type Host, host } from './check.ts';

export interface ConvAttrs {
  readonly stride?: number;
  readonly padding?: number;
  readonly dilation?: number;
}

/** Calls `visit(outputIndex, inputIndex, weightIndex)` for every term of a convolution's sums. */
function convTerms(
  large: readonly number[],
  small: readonly number[],
  kernel: readonly number[],
  { stride = 1, padding = 0, dilation = 1 }: ConvAttrs,
  visit: (small: number, large: number, weight: number) => void,
): void {
  const [batch, height, width, a] = large as [number, number, number, number];
  const [, rows, columns, b] = small as [number, number, number, number];
  const [kernelHeight, kernelWidth] = kernel as [number, number];
  for (let n = 0; n < batch; n++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++)
        for (let ky = 0; ky < kernelHeight; ky++)
          for (let kx = 0; kx < kernelWidth; kx++) {
            const y = i * stride + ky * dilation - padding;
            const x = j * stride + kx * dilation - padding;
            if (y < 0 || x < 0 || y >= height || x >= width) continue;
            for (let p = 0; p < a; p++)
              for (let q = 0; q < b; q++)
                visit(
                  ((n * rows + i) * columns + j) * b + q,
                  ((n * height + y) * width + x) * a + p,
                  ((ky * kernelWidth + kx) * a + p) * b + q,
                );
          }
}

function withBias(shape: readonly number[], bias: Host | undefined): Host {
  const channels = shape[3]!;
  const size = shape.reduce((s, n) => s * n, 1);
  return host(
    shape,
    Float64Array.from({ length: size }, (_, i) => bias?.data[i % channels] ?? 0),
  );
}

export function conv2d(x: Host, weight: Host, bias: Host | undefined, attrs: ConvAttrs): Host {
  const { stride = 1, padding = 0, dilation = 1 } = attrs;
  const [n, h, w] = x.shape as [number, number, number];
  const [kh, kw, , o] = weight.shape as [number, number, number, number];
  const side = (s: number, k: number) => Math.floor((s + 2 * padding - dilation * (k - 1) - 1) / stride) + 1;
  const y = withBias([n, side(h, kh), side(w, kw), o], bias);
  convTerms(x.shape, y.shape, weight.shape, attrs, (small, large, at) => {
    y.data[small]! += x.data[large]! * weight.data[at]!;
  });
  return y;
}

/** Gradient of a convolution's weight, of shape `kernel`, from the large image (its input) and the small one (dy). */
export function weightGrad(large: Host, small: Host, kernel: readonly number[], attrs: ConvAttrs): Host {
  const dw = host(kernel, new Float64Array(kernel.reduce((s, n) => s * n, 1)));
  convTerms(large.shape, small.shape, kernel, attrs, (from, to, at) => {
    dw.data[at]! += small.data[from]! * large.data[to]!;
  });
  return dw;
}

export function conv2dTranspose(x: Host, weight: Host, bias: Host | undefined, attrs: ConvAttrs): Host {
  const { stride = 1, padding = 0, dilation = 1 } = attrs;
  const [n, h, w] = x.shape as [number, number, number];
  const [kh, kw, o] = weight.shape as [number, number, number];
  const side = (s: number, k: number) => (s - 1) * stride - 2 * padding + dilation * (k - 1) + 1;
  const y = withBias([n, side(h, kh), side(w, kw), o], bias);
  convTerms(y.shape, x.shape, weight.shape, attrs, (small, large, at) => {
    y.data[large]! += x.data[small]! * weight.data[at]!;
  });
  return y;
}

export function linear(x: Host, weight: Host, bias?: Host): Host {
  const [n, k] = x.shape as [number, number];
  const m = weight.shape[1]!;
  const y = host([n, m], new Float64Array(n * m));
  for (let i = 0; i < n; i++)
    for (let j = 0; j < m; j++) {
      let sum = bias?.data[j] ?? 0;
      for (let p = 0; p < k; p++) sum += x.data[i * k + p]! * weight.data[p * m + j]!;
      y.data[i * m + j] = sum;
    }
  return y;
}
