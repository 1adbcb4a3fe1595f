/** @file The golden files mean what their README says: layouts and definitions against plain loops. */
import { describe, expect, it } from 'vitest';
import {
  describeCase,
  type GoldenCase,
  type GoldenTensor,
  goldenCases,
  goldenRun,
  goldenWeights,
} from './goldens.ts';

type Visit = (n: number, y: number, x: number, i: number, kernel: number, ky: number, kx: number) => void;

const at = (t: GoldenTensor, n: number, y: number, x: number, c: number): number => {
  const [, height = 0, width = 0, channels = 0] = t.shape;
  return y < 0 || x < 0 || y >= height || x >= width
    ? 0
    : t.data[((n * height + y) * width + x) * channels + c]!;
};

const worst = (got: Float64Array, want: GoldenTensor): number =>
  got.reduce((most, value, i) => Math.max(most, Math.abs(value - want.data[i]!)), 0);

/** Visits every (image, position, channel) of `t` with every tap of the kernel, whose flat HW index is `kernel`. */
function visit(t: GoldenTensor, weight: GoldenTensor, each: Visit): void {
  const [batch = 0, height = 0, width = 0, channels = 0] = t.shape;
  const [rows = 0, columns = 0] = weight.shape;
  for (let i = 0; i < batch * height * width * channels * rows * columns; i++) {
    const kernel = i % (rows * columns);
    const value = (i - kernel) / (rows * columns);
    const pixel = Math.floor(value / channels);
    const y = Math.floor(pixel / width) % height;
    each(
      Math.floor(pixel / (width * height)),
      y,
      pixel % width,
      value,
      kernel,
      Math.floor(kernel / columns),
      kernel % columns,
    );
  }
}

/** y[n,y,x,o] = bias[o] + Σ x[n, y·stride − padding + ky·dilation, …, i]·weight[ky,kx,i,o]. */
function conv2d({ inputs, outputs, attrs }: GoldenCase): Float64Array {
  const { x, weight, bias } = inputs as Record<string, GoldenTensor>;
  const [channelsIn = 0, channelsOut = 0] = weight!.shape.slice(2);
  const [stride, padding, dilation] = [Number(attrs.stride), Number(attrs.padding), Number(attrs.dilation)];
  const y = new Float64Array(outputs.y!.data.length).map((_, i) => bias?.data[i % channelsOut] ?? 0);
  visit(outputs.y!, weight!, (n, row, column, i, kernel, ky, kx) => {
    for (let c = 0; c < channelsIn; c++) {
      const pixel = at(
        x!,
        n,
        row * stride - padding + ky * dilation,
        column * stride - padding + kx * dilation,
        c,
      );
      y[i]! += pixel * weight!.data[(kernel * channelsIn + c) * channelsOut + (i % channelsOut)]!;
    }
  });
  return y;
}

/** Scatters x[n,y,x,i]·weight[ky,kx,o,i] to the pixel y·stride − padding + ky. */
function conv2dTranspose({ inputs, outputs, attrs }: GoldenCase): Float64Array {
  const { x, weight, bias } = inputs as Record<string, GoldenTensor>;
  const [channelsOut = 0, channelsIn = 0] = weight!.shape.slice(2);
  const [stride, padding] = [Number(attrs.stride), Number(attrs.padding)];
  const [, height = 0, width = 0] = outputs.y!.shape;
  const y = new Float64Array(outputs.y!.data.length).map((_, i) => bias?.data[i % channelsOut] ?? 0);
  visit(x!, weight!, (n, row, column, i, kernel, ky, kx) => {
    const [top, left] = [row * stride - padding + ky, column * stride - padding + kx];
    if (top < 0 || left < 0 || top >= height || left >= width) return;
    for (let o = 0; o < channelsOut; o++) {
      const tap = weight!.data[(kernel * channelsOut + o) * channelsIn + (i % channelsIn)]!;
      y[((n * height + top) * width + left) * channelsOut + o]! += x!.data[i]! * tap;
    }
  });
  return y;
}

function lineHeatmap({ inputs, outputs, attrs }: GoldenCase): Float64Array {
  const lines = inputs.lines!.data;
  const [, height = 0, width = 0, views = 0] = outputs.y!.shape;
  return Float64Array.from(outputs.y!.data, (_, i) => {
    const pixel = Math.floor(i / views);
    const line = (Math.floor(pixel / (height * width)) * views + (i % views)) * 3;
    const x = pixel % width;
    const y = Math.floor(pixel / width) % height;
    const distance = lines[line]! * x + lines[line + 1]! * y + lines[line + 2]!;
    return Math.exp(-(distance ** 2) / (2 * Number(attrs.sigma) ** 2));
  });
}

describe('golden files', () => {
  const families = [
    ['conv2d', conv2d],
    ['conv2dTranspose', conv2dTranspose],
    ['lineHeatmap', lineHeatmap],
  ] as const;
  for (const [op, reference] of families) {
    it(`${op} agrees with plain loops over our layouts`, async () => {
      const cases = await goldenCases(op === 'lineHeatmap' ? 'loss' : op, op);
      for (const one of cases)
        expect(worst(reference(one), one.outputs.y!), describeCase(one)).toBeLessThan(2e-6);
    });
  }

  it('a gradient is there for every differentiable input and has its shape', async () => {
    for (const one of await goldenCases('batchNorm')) {
      expect(Object.keys(one.grads)).toEqual(['x', 'weight', 'bias']);
      for (const [name, grad] of Object.entries(one.grads)) {
        expect(grad.shape).toEqual(one.inputs[name]!.shape);
        expect(grad.data).toHaveLength(grad.shape.reduce((a, b) => a * b, 1));
      }
    }
  });

  it('the run of the U-Net starts at the loss that its own outputs give, one channel masked', async () => {
    const { batch, outputs, losses, settings } = await goldenRun();
    const target = lineHeatmap({
      op: '',
      attrs: { sigma: settings.sigma },
      inputs: batch,
      outputs: { y: outputs.heatmaps },
      dy: {},
      grads: {},
    });
    const [, height = 0, width = 0, views = 0] = outputs.heatmaps.shape;
    const weight = (i: number): number =>
      batch.masks.data[Math.floor(i / (height * width * views)) * views + (i % views)]!;
    const sum = target.reduce((all, t, i) => all + weight(i) * (outputs.heatmaps.data[i]! - t) ** 2, 0);
    const counted = batch.masks.data.filter((one) => one === 1).length;
    expect(counted).toBe(7);
    expect(sum / (counted * height * width)).toBeCloseTo(losses.orientation[0]!, 6);
    expect(losses.total).toHaveLength(settings.steps);
  });

  it('weights are a safetensors file whose header names the first layer', async () => {
    const bytes = await goldenWeights('initial');
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    expect(header['conv1.conv1.0.weight'].shape).toEqual([4, 1, 3, 3]);
  });
});
