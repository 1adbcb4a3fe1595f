/** @file A network as an ONNX model: its forward pass traced, each op written as nodes, its weights as initializers. */
import { ExportError } from '../../base/errors.ts';
import { zeros } from '../../tensor/create.ts';
import type { Device } from '../../tensor/device.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Graph, toSecond } from './graph.ts';
import { emit, OPSET } from './ops.ts';
import { dataTypes, encodeModel, type ValueInfoProto } from './proto.ts';
import { type Trace, traceForward } from './trace.ts';

export { OPSET } from './ops.ts';

/** What is exported: tensors with names, and what runs on an image. */
export interface OnnxSource {
  readonly device: Device;
  /** Parameters and statistics by PyTorch's names. */
  readonly named: ReadonlyMap<string, Tensor>;
  /** [height, width, channels] of images. */
  readonly image: readonly [height: number, width: number, channels: number];
  /** Outputs by name. */
  forward(images: Tensor): ReadonlyMap<string, Tensor>;
}

export interface OnnxDescription {
  /** Of the graph. */
  readonly name: string;
  readonly about: string;
  /** What outputs are, by name. */
  readonly outputs: Readonly<Record<string, string>>;
  /** metadata_props. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface OnnxModel {
  /** Of the .onnx file. */
  readonly bytes: Uint8Array;
  /** Names of the tensors that it holds: those that the outputs come from. */
  readonly weights: readonly string[];
}

const BATCH = 'batch';
const INPUT = 'image';

function traced({ device, named, image, forward }: OnnxSource, batch: number): Trace {
  using images = zeros(device, [batch, ...image]);
  return traceForward(images, named, forward);
}

/** The nodes of a trace, with outputs under their names and channels second. */
function graphOf({ image, ops, outputs }: Trace): Graph {
  const graph = new Graph();
  graph.put(image, 'second', INPUT);
  for (const op of ops) emit(graph, op);
  for (const [name, value] of outputs) graph.node('Identity', [graph.second(value)], [], name);
  return graph;
}

/** A graph without what may differ. */
const textOf = ({ nodes, pending, constants }: Graph): string =>
  JSON.stringify([
    nodes,
    pending.map(({ value, form, name }) => [value.shape, form, name]),
    constants.map(({ dims, name, rawData }) => [dims, name, [...rawData]]),
  ]);

/** Throws ExportError where the graph of one image is not that of two. */
function expectAnyBatch(source: OnnxSource, graph: Graph): void {
  const trace = traced(source, 2);
  const fix = 'Its forward pass must treat images one by one.';
  try {
    for (const [name, { shape }] of trace.outputs)
      if (shape[0] !== 2) throw new ExportError(name, `has shape ${formatShape(shape)} for two images`, fix);
    if (textOf(graphOf(trace)) === textOf(graph)) return;
  } finally {
    trace.dispose();
  }
  throw new ExportError('export', 'comes to another graph for two images than for one', fix);
}

/** A value's name, type and sizes, the batch open; channels second. */
function infoOf(name: string, shape: Shape, docString?: string): ValueInfoProto {
  const sizes = toSecond(shape.length)
    .slice(1)
    .map((axis) => ({ dimValue: shape[axis]! }));
  const dim = [{ dimParam: BATCH }, ...sizes];
  const type = { tensorType: { elemType: dataTypes.f32, shape: { dim } } };
  return { name, type, ...(docString !== undefined && { docString }) };
}

/**
 * A network as a model (opset 18, IR version 8): `image` [batch, channels, height, width] to the outputs, channels
 * second, for any batch.
 * @throws ExportError naming an op that has no node of ONNX, and where the graph depends on the batch
 */
export async function exportOnnx(source: OnnxSource, description: OnnxDescription): Promise<OnnxModel> {
  const trace = traced(source, 1);
  try {
    const graph = graphOf(trace);
    expectAnyBatch(source, graph);
    const { name, about, outputs, metadata } = description;
    const bytes = encodeModel({
      irVersion: 8,
      producerName: 'planewise',
      docString: about,
      graph: {
        node: graph.nodes,
        name,
        initializer: await graph.readConstants(),
        input: [infoOf(INPUT, trace.image.shape)],
        output: [...trace.outputs].map(([own, { shape }]) => infoOf(own, shape, outputs[own])),
      },
      opsetImport: [{ domain: '', version: OPSET }],
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    });
    return { bytes, weights: [...new Set(graph.pending.flatMap(({ value }) => value.name ?? []))] };
  } finally {
    trace.dispose();
  }
}
