/** @file Heatmaps of lines (paper §1) and the squared error to them; the target is rendered inside the kernels. */
import type { Tensor } from '../tensor/tensor.ts';
import { expectNumber, expectWhole } from './checks.ts';
import { elementAliases, expectFloat } from './elements.ts';
import { launch, linearGrid } from './launch/queue.ts';
import { call, expectRank, expectShape, expectType, type Op } from './op.ts';
import { expectOptions } from './options.ts';
import { lossOutputs, ratioOfStrips, stripsOf } from './ratio.ts';
import * as shaders from './shaders.gen.ts';

/** Of `lineHeatmapMse`: how wide a line is (paper §2.2). */
export interface LineHeatmapMseAttrs {
  /** Standard deviation across the line, pixels. */
  readonly sigma: number;
}

/** Of `lineHeatmap`: the grid, and how wide a line is. */
export interface LineHeatmapAttrs extends LineHeatmapMseAttrs {
  /** Pixels. */
  readonly height: number;
  readonly width: number;
}

/** How `parts` invocations share the pixels of one image and view. */
function settings(image: Tensor, parts: number, sigma: number) {
  const [batch = 0, height = 0, width = 0, views = 0] = image.shape;
  const { workgroup } = image.device.caps;
  const count = batch * parts * views;
  return {
    params: { count, width, pixels: height * width, views, parts, falloff: 1 / (2 * sigma * sigma) },
    grid: linearGrid(count, workgroup),
    specialization: { overrides: { WORKGROUP: workgroup }, aliases: elementAliases(image) },
  };
}

const pixelsOf = ({ shape }: Tensor) => shape[1]! * shape[2]!;
const mapParts = (image: Tensor) => Math.ceil(pixelsOf(image) / (image.device.caps.software ? 16 : 1));

/** Lines [N, V, 3] as (a, b, d), a·x + b·y + d being the distance in pixels → [N, H, W, V]. No gradient. */
export const lineHeatmap: Op<LineHeatmapAttrs> = {
  name: 'lineHeatmap',
  inputs: ['lines'],
  infer([lines], attrs) {
    expectOptions('lineHeatmap', attrs, ['height', 'width', 'sigma']);
    const { height, width, sigma } = attrs;
    expectWhole('lineHeatmap', 'height', height);
    expectWhole('lineHeatmap', 'width', width);
    expectNumber('lineHeatmap', 'sigma', sigma, { above: 0 });
    const [batch = 0, views = 0] = expectRank('lineHeatmap', 'lines', lines!, 3).shape;
    expectShape('lineHeatmap', 'lines', lines!, [batch, views, 3]);
    return [{ shape: [batch, height, width, views], dtype: 'f32' }];
  },
  launch(device, [lines], [y], { sigma }) {
    if (y!.size === 0) return;
    const { params, grid, specialization } = settings(y!, mapParts(y!), sigma);
    const tensors = { lines: lines!, y: y! };
    launch(device, shaders.lineHeatmap, 'render', tensors, params, grid, specialization);
  },
};

/**
 * Σ mask·(prediction − t)² / (Σ mask·H·W), t the heatmaps of the lines; 0 when nothing counts. Inputs: prediction
 * [N, H, W, V] f32 or f16, lines [N, V, 3], mask [N, V]; only the prediction gets a gradient. Outputs: the loss, of shape [], and
 * the denominator.
 */
export const lineHeatmapMse: Op<LineHeatmapMseAttrs> = {
  name: 'lineHeatmapMse',
  inputs: ['prediction', 'lines', 'mask'],
  infer([prediction, lines, mask], attrs) {
    const op = 'lineHeatmapMse';
    expectOptions(op, attrs, ['sigma']);
    expectNumber(op, 'sigma', attrs.sigma, { above: 0 });
    const { shape } = expectFloat(op, 'prediction', expectRank(op, 'prediction', prediction!, 4, null));
    const [batch = 0, , , views = 0] = shape;
    expectType(op, 'lines', expectShape(op, 'lines', lines!, [batch, views, 3]), 'f32');
    expectType(op, 'mask', expectShape(op, 'mask', mask!, [batch, views]), 'f32');
    return lossOutputs;
  },
  launch(device, [prediction, lines, mask], outputs, { sigma }) {
    const parts = stripsOf(device, pixelsOf(prediction!));
    const { params, grid, specialization } = settings(prediction!, parts, sigma);
    ratioOfStrips(device, params.count, outputs, (partials) => {
      const tensors = { lines: lines!, mask: mask!, prediction: prediction!, partials };
      launch(device, shaders.lineHeatmap, 'forward', tensors, params, grid, specialization);
    });
  },
  grad: ({ inputs: [prediction, lines, mask], outputs, dy, attrs }) => [
    call(lineHeatmapMseGrad, [prediction!, lines!, mask!, outputs[1]!, dy[0]!], attrs),
    null,
    null,
  ],
};

const lineHeatmapMseGrad: Op<LineHeatmapMseAttrs> = {
  name: 'lineHeatmapMseGrad',
  infer: ([prediction]) => [{ shape: prediction!.shape, dtype: prediction!.dtype }],
  launch(device, [prediction, lines, mask, weight, dy], [y], { sigma }) {
    if (y!.size === 0) return;
    const { params, grid, specialization } = settings(y!, mapParts(y!), sigma);
    const given = { lines: lines!, mask: mask!, prediction: prediction! };
    const tensors = { ...given, weight: weight!, dy: dy!, y: y! };
    launch(device, shaders.lineHeatmap, 'backward', tensors, params, grid, specialization);
  },
};
