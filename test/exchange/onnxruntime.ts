/** @file onnxruntime as tests use it: an .onnx file's bytes and an image to its outputs. */
import { InferenceSession, Tensor } from 'onnxruntime-web';
import { uniforms } from '../../src/base/random.ts';

/** Numbers of an output, with its sizes. */
export interface Output {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** [N, H, W, C] as [N, C, H, W]. */
export function toPlanes(values: Float32Array, shape: readonly number[]): Float32Array {
  const channels = shape.at(-1)!;
  const pixels = shape.slice(1, -1).reduce((product, side) => product * side, 1);
  return values.map((_, i) => {
    const [image, rest] = [Math.floor(i / (pixels * channels)), i % (pixels * channels)];
    return values[image * pixels * channels + (rest % pixels) * channels + Math.floor(rest / pixels)]!;
  });
}

/** Images [N, H, W, C] of noise. */
export const noise = (shape: readonly number[], seed = 7): Float32Array =>
  uniforms(
    shape.reduce((product, side) => product * side, 1),
    seed,
  ).map((u) => 4 * u - 2);

/** Runs a model on images [N, H, W, C]. */
export async function runOnnx(
  model: Uint8Array,
  images: Float32Array,
  shape: readonly number[],
): Promise<Record<string, Output>> {
  const session = await InferenceSession.create(model, { executionProviders: ['wasm'] });
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const input = new Tensor('float32', toPlanes(images, shape), [batch, channels, height, width]);
  const outputs = await session.run({ image: input });
  await session.release();
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { dims, data }]) => [name, { dims, data: data as Float32Array }]),
  );
}
