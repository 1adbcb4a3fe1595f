/** @file A trained network as an ONNX model: outputs named by task and head, with all that preparing images needs. */
import { ConfigError } from '../base/errors.ts';
import { plural } from '../base/words.ts';
import { exportOnnx, type OnnxModel, OPSET } from '../exchange/onnx/export.ts';
import type { Plan } from '../train/plan.ts';
import { networkText } from './plan.ts';
import { describeWeights, type Trained, type WeightsInfo } from './trained.ts';

/** A head's output, by the name it has in the model. */
export interface NamedOutput {
  readonly name: string;
  /** Of the head, in the state dict. */
  readonly path: string;
  readonly task: string;
  readonly about: string;
}

/** Outputs by task and head: `orientation.final`; none of heads that read groups of images, for the model takes one. */
export function outputsOf({ tasks }: Plan): NamedOutput[] {
  return tasks.flatMap(({ task, part }) =>
    part.heads.flatMap(({ path, tap, group, side, channels }, i) => {
      if (group !== undefined) return [];
      const name = path.startsWith(`${task.name}.`) ? path : `${task.name}.${path}`;
      const where = tap === 'pixels' || side !== undefined ? 'for each pixel' : 'for each image';
      const of = part.channels ? `, channels: ${part.channels.join('; ')}` : '';
      const about =
        i === 0
          ? `${part.tells}, ${where}${of}`
          : `${task.title}, another head: ${plural(channels, 'number')} ${where}`;
      return { name, path, task: task.name, about };
    }),
  );
}

/** What preparing an image for the network needs, and what comes out. */
function metadataOf(info: WeightsInfo, outputs: readonly NamedOutput[]): Record<string, string> {
  const { size, spacingMm, targetView, referenceViews, classes = [], steps } = info;
  return {
    ...describeWeights(info, info, steps),
    size: String(size),
    spacing_mm: String(spacingMm),
    normalisation:
      'resampled to spacing_mm, cropped or padded with 0 to size; then z-score: minus the mean, divided by the population standard deviation, of a DICOM image by itself, of the slices of a NIfTI volume together',
    target_view: targetView,
    reference_views: JSON.stringify(referenceViews),
    classes: JSON.stringify(classes),
    outputs: JSON.stringify(Object.fromEntries(outputs.map(({ name, about }) => [name, about]))),
    opset: String(OPSET),
  };
}

/**
 * An ONNX model: `image` [batch, 1, size, size], prepared, to every head's output, [batch, channels, size,
 * size] for pixels and [batch, channels] for images. Scores and heatmaps as the heads give them, without softmax.
 * @throws ExportError naming an op that ONNX has no node for here; ConfigError where no head reads a single image
 */
export function onnxOf({ network, plan, info }: Trained): Promise<OnnxModel> {
  const outputs = outputsOf(plan);
  if (outputs.length === 0)
    throw new ConfigError(
      `These weights have no output of one image: ${plan.tasks.map(({ task }) => task.name).join(', ')} reads images in groups. Export them as safetensors or npz.`,
    );
  const heads = new Map(network.heads.flatMap((head) => (head.group ? [] : [[head.path, head]])));
  return exportOnnx(
    {
      device: network.device,
      named: network.stateDict(),
      image: [info.size, info.size, 1],
      forward(images) {
        const { output } = network.run(images, { training: false }, [...heads.values()]);
        return new Map(outputs.map((own) => [own.name, output(heads.get(own.path)!)]));
      },
    },
    {
      name: info.model.name,
      about: `${networkText(info.model)}, trained by planewise for ${info.steps} steps`,
      outputs: Object.fromEntries(outputs.map((own) => [own.name, own.about])),
      metadata: metadataOf(info, outputs),
    },
  );
}
