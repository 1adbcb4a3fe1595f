import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { checkOp, type Host, host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { goldenCases } from '../goldens.ts';

const device = useDevice();

/** Lines through the image, their normals of length 1. */
function linesThrough([batch, height, width, views]: readonly [number, number, number, number]): Host {
  const picks = random([batch * views, 3], 8, 0, 1).data;
  const data = Float64Array.from({ length: batch * views * 3 }, (_, i) => {
    const row = i - (i % 3);
    const angle = 2 * Math.PI * picks[row]!;
    const [a, b] = [Math.cos(angle), Math.sin(angle)];
    return [a, b, -a * width * picks[row + 1]! - b * height * picks[row + 2]!].map(Math.fround)[i % 3]!;
  });
  return host([batch, views, 3], data);
}

function render(lines: Host, shape: Shape, sigma: number): Host {
  const [batch = 0, height = 0, width = 0, views = 0] = shape;
  const data = new Float64Array(batch * height * width * views).map((_, i) => {
    const line = 3 * (Math.floor(i / (height * width * views)) * views + (i % views));
    const pixel = Math.floor(i / views) % (height * width);
    const [a, b, d] = [lines.data[line]!, lines.data[line + 1]!, lines.data[line + 2]!];
    return Math.exp(-((a * (pixel % width) + b * Math.floor(pixel / width) + d) ** 2) / (2 * sigma ** 2));
  });
  return { shape, data };
}

function mse(prediction: Host, lines: Host, mask: Host, sigma: number): Host {
  const target = render(lines, prediction.shape, sigma).data;
  const views = prediction.shape[3]!;
  const each = prediction.data.length / prediction.shape[0]!;
  let [total, weight] = [0, 0];
  target.forEach((t, i) => {
    const w = mask.data[Math.floor(i / each) * views + (i % views)]!;
    total += w * (prediction.data[i]! - t) ** 2;
    weight += w;
  });
  return host([], [weight > 0 ? total / weight : 0]);
}

describe('line heatmaps', () => {
  it('render and match f64, also where an invocation takes several pixels', async () => {
    for (const shape of [
      [1, 1, 1, 1],
      [2, 7, 5, 3],
      [3, 65, 33, 2],
    ] as const) {
      await checkOp(device(), {
        inputs: [linesThrough(shape)],
        gradientOf: [],
        forward: (lines) => ops.lineHeatmap(lines, { height: shape[1], width: shape[2], sigma: 2 }),
        reference: (lines) => render(lines, shape, 2),
        epsilon: 2 ** -17,
      });
    }
  });

  it('their error and its gradient count only what the mask lets through', async () => {
    for (const shape of [
      [1, 1, 1, 1],
      [2, 7, 5, 3],
      [3, 65, 33, 2],
    ] as const) {
      const [batch, , , views] = shape;
      const mask = host(
        [batch, views],
        Array.from({ length: batch * views }, (_, i) => Number(i % 3 !== 1)),
      );
      await checkOp(device(), {
        inputs: [random(shape, 1), linesThrough(shape), mask],
        gradientOf: [0],
        forward: (p, l, m) => ops.lineHeatmapMse(p, l, m, { sigma: 1.5 }),
        reference: (p, l, m) => mse(p, l, m, 1.5),
        epsilon: 2 ** -18,
      });
    }
  });

  it('equal torch', async () => {
    for (const one of await goldenCases('loss', 'lineHeatmap')) {
      const { sigma, height, width } = one.attrs as { sigma: number; height: number; width: number };
      await checkGolden(
        device(),
        one,
        ({ lines }) => ops.lineHeatmap(lines!, { sigma, height, width }),
        1e-5,
      );
    }
    for (const one of await goldenCases('loss', 'lineHeatmapMse')) {
      const sigma = Number(one.attrs.sigma);
      const forward: Parameters<typeof checkGolden>[2] = ({ prediction, lines, mask }) =>
        ops.lineHeatmapMse(prediction!, lines!, mask!, { sigma });
      await checkGolden(device(), one, forward, 1e-5);
    }
  });

  it('error and gradient are 0 when nothing counts, whatever the lines are', async () => {
    const prediction = tensor(device(), new Float32Array(8).fill(2), [1, 2, 2, 2]);
    const lines = tensor(device(), new Float32Array(6).fill(Number.NaN), [1, 2, 3]);
    prediction.requiresGrad = true;
    await poisoned(device(), async () => {
      using tape = new Tape();
      const loss = ops.lineHeatmapMse(prediction, lines, zeros(device(), [1, 2]), { sigma: 1 });
      tape.backward(loss);
      expect(await loss.item()).toBe(0);
      expect([...(await prediction.grad!.read())]).toEqual(new Array(8).fill(0));
    });
    prediction.grad!.dispose();
  });

  it('weighted sums of losses replay in a captured step to the bits of the eager ones', async () => {
    const upload = ({ data, shape }: Host) => tensor(device(), data, shape);
    const [x, lines] = [upload(random([2, 33, 31, 2], 1)), upload(linesThrough([2, 33, 31, 2]))];
    const mask = tensor(device(), [1, 0, 1, 1], [2, 2]);
    const step = () => {
      x.requiresGrad = true;
      using tape = new Tape();
      const error = ops.lineHeatmapMse(x, lines, mask, { sigma: 2 });
      const loss = ops.add(ops.affine(error, 0.5), ops.affine(ops.mean(ops.square(x)), 2));
      tape.backward(loss);
      const gradient = x.grad!;
      x.grad = undefined;
      return { loss, gradient };
    };
    const eager = await poisoned(device(), step);
    const captured = await capture(device(), step);
    captured.run();
    expect(await captured.outputs.loss.read()).toEqual(await eager.loss.read());
    expect(await captured.outputs.gradient.read()).toEqual(await eager.gradient.read());
    captured.dispose();
    eager.gradient.dispose();
  });

  it('NaN of a line or a pixel makes the loss NaN, and the gradient where it is', async () => {
    const maps = tensor(device(), new Float32Array(8).fill(1).fill(Number.NaN, 2, 3), [1, 2, 2, 2]);
    const lines = tensor(device(), [1, 0, 0, 0, Number.NaN, 0], [1, 2, 3]);
    const drawn = await ops.lineHeatmap(lines, { height: 2, width: 2, sigma: 1 }).read();
    expect([...drawn].map(Number.isNaN)).toEqual([false, true, false, true, false, true, false, true]);
    for (const [mask, wanted] of [
      [
        [1, 0],
        [false, false, true, false, false, false, false, false],
      ],
      [
        [0, 1],
        [false, true, false, true, false, true, false, true],
      ],
    ] as const) {
      maps.requiresGrad = true;
      using tape = new Tape();
      const loss = ops.lineHeatmapMse(maps, lines, tensor(device(), mask, [1, 2]), { sigma: 1 });
      expect(await loss.item()).toBeNaN();
      tape.backward(loss);
      expect([...(await maps.grad!.read())].map(Number.isNaN)).toEqual(wanted);
      maps.grad!.dispose();
      maps.grad = undefined;
    }
  });

  it('of no images are empty, and their error 0', async () => {
    for (const shape of [
      [0, 2, 3, 2],
      [2, 0, 3, 2],
      [2, 2, 3, 0],
    ]) {
      const [batch, height, width, views] = shape as [number, number, number, number];
      const lines = zeros(device(), [batch, views, 3]);
      expect(ops.lineHeatmap(lines, { height, width, sigma: 1 }).shape).toEqual(shape);
      await poisoned(device(), async () => {
        const prediction = zeros(device(), shape);
        prediction.requiresGrad = true;
        using tape = new Tape();
        const loss = ops.lineHeatmapMse(prediction, lines, zeros(device(), [batch, views]), { sigma: 1 });
        expect(await loss.item()).toBe(0);
        tape.backward(loss);
        expect(prediction.grad!.shape).toEqual(shape);
        prediction.grad!.dispose();
      });
    }
  });

  it('refuse sizes and widths of lines that are none', () => {
    const lines = zeros(device(), [1, 2, 3]);
    const draw = (options: object) => () => ops.lineHeatmap(lines, options as never);
    expect(draw({ height: 2, width: 2 })).toThrow('lineHeatmap: sigma is undefined');
    expect(draw({ height: 2.5, width: 2, sigma: 1 })).toThrow('lineHeatmap: height is 2.5');
    expect(draw({ height: 2, width: -1, sigma: 1 })).toThrow('lineHeatmap: width is -1');
    expect(draw({ height: 2, width: 2, sigma: 0 })).toThrow('lineHeatmap: sigma is 0');
    expect(draw({ height: 2, width: 2, sigma: 1, spread: 1 })).toThrow(
      'lineHeatmap: option spread is unknown',
    );
    const [x, mask] = [zeros(device(), [1, 2, 2, 2]), zeros(device(), [1, 2])];
    expect(() => ops.lineHeatmapMse(x, lines, mask, { sigma: Number.NaN })).toThrow(
      'lineHeatmapMse: sigma is NaN',
    );
    expect(() => ops.lineHeatmapMse(x, lines, mask, undefined as never)).toThrow(
      'lineHeatmapMse: options is undefined',
    );
  });

  it('refuse lines that do not fit the prediction', () => {
    const [x, mask] = [zeros(device(), [1, 2, 2, 3]), zeros(device(), [1, 3])];
    expect(() => ops.lineHeatmapMse(x, zeros(device(), [1, 2, 3]), mask, { sigma: 1 })).toThrow(ShapeError);
  });
});
