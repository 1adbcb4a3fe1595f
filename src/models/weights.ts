/** @file Weights as .safetensors bytes in PyTorch's names and layout, to and from a model. */

import { describe } from '../base/describe.ts';
import { ConfigError, FileError } from '../base/errors.ts';
import { fromHalfBits } from '../base/half.ts';
import { Module } from './module.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  type SafeTensor,
  type SafetensorsType,
} from './safetensors.ts';
import { expectState, type StateDict, torchShape, toTorch, type Weight } from './state.ts';

/** What a weights file says about itself, strings by name. */
export type WeightsMetadata = Readonly<Record<string, string>>;

const COUNTER = /(^|\.)num_batches_tracked$/;

/**
 * A model's whole state on the host, in PyTorch's names and layout; waits for the device.
 * @throws CaptureError inside a captured step, at the call
 * @example
 * const net = new Sequential(device, [layers.linear(2, 1)]);
 * const result = [...(await readWeights(net)).keys()];
 * net.dispose();
 * result; // ["0.weight", "0.bias"]
 */
export function readWeights(module: Module): Promise<StateDict> {
  if (!(module instanceof Module))
    throw new ConfigError(`readWeights got ${describe(module)}. Pass a module, such as a network.`);
  module.device.forbidInCapture('A host read was attempted', 'Read the weights after run().');
  return weightsOf(module);
}

async function weightsOf(module: Module): Promise<StateDict> {
  const weights = [...module.stateDict()].map(async ([name, tensor]): Promise<[string, Weight]> => {
    const axes = module.torchAxes(name);
    const values = toTorch((await tensor.read()) as Float32Array, tensor.shape, axes);
    return [name, { shape: torchShape(tensor.shape, axes), values, integer: COUNTER.test(name) }];
  });
  return new Map(await Promise.all(weights));
}

/**
 * The bytes of a weights file; PyTorch loads it with `safetensors.torch.load_file` and `load_state_dict`.
 * @throws ConfigError for what is no state dict, or metadata that are no strings by name
 * @example
 * const weight = { shape: [2], values: new Float32Array([1, 2]), integer: false };
 * encodeWeights(new Map([['a', weight]])) instanceof Uint8Array; // true
 */
export function encodeWeights(state: StateDict, metadata: WeightsMetadata = {}): Uint8Array<ArrayBuffer> {
  expectState('encodeWeights', state);
  expectMetadata(metadata);
  const tensors = new Map([...state].map(([name, weight]) => [name, encodeWeight(weight)]));
  return encodeSafetensors({ tensors, metadata: { format: 'pt', ...metadata } });
}

/**
 * The state and metadata of a weights file, from planewise or PyTorch.
 * @param name what error messages call the file
 * @throws ConfigError for what are no bytes, or no name
 * @throws FileError for a file that is broken or holds types that are no weights
 * @example
 * const weight = { shape: [2], values: new Float32Array([1, 2]), integer: false };
 * const file = encodeWeights(new Map([['a', weight]]));
 * decodeWeights(file, 'a.safetensors').state.get('a').values; // [1, 2]
 */
export function decodeWeights(
  file: Uint8Array,
  name: string,
): { readonly state: StateDict; readonly metadata: WeightsMetadata } {
  if (!(file instanceof Uint8Array))
    throw new ConfigError(`decodeWeights got ${describe(file)}. Pass the file's bytes, a Uint8Array.`);
  if (typeof name !== 'string')
    throw new ConfigError(
      `decodeWeights got ${describe(name)} for what errors call the file. Pass its name.`,
    );
  const { tensors, metadata } = decodeSafetensors(file, name);
  const state = new Map([...tensors].map(([key, tensor]) => [key, decodeWeight(tensor, key, name)]));
  return { state, metadata };
}

function expectMetadata(metadata: WeightsMetadata): void {
  const plain = typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata);
  if (!plain)
    throw new ConfigError(`encodeWeights: the metadata are ${describe(metadata)}. Use strings by name.`);
  for (const [name, text] of Object.entries(metadata))
    if (typeof text !== 'string')
      throw new ConfigError(`encodeWeights: ${name} of the metadata is ${describe(text)}. Use a string.`);
}

function encodeWeight({ shape, values, integer }: Weight): SafeTensor {
  const bytes = new Uint8Array(values.length * (integer ? 8 : 4));
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) {
    if (integer) view.setBigInt64(8 * i, BigInt(value), true);
    else view.setFloat32(4 * i, value, true);
  }
  return { dtype: integer ? 'I64' : 'F32', shape, bytes };
}

type ReadElement = (view: DataView, index: number) => number;

/** How one element of each type that a weight may have is read. */
const readers: Readonly<Partial<Record<SafetensorsType, ReadElement>>> = {
  F64: (view, i) => view.getFloat64(8 * i, true),
  F32: (view, i) => view.getFloat32(4 * i, true),
  F16: (view, i) => fromHalfBits(view.getUint16(2 * i, true)),
  BF16: (view, i) => fromBrainBits(view.getUint16(2 * i, true)),
  I64: (view, i) => Number(view.getBigInt64(8 * i, true)),
};

const scratch = new DataView(new ArrayBuffer(4));

/** bfloat16 is the upper half of a float32. */
function fromBrainBits(bits: number): number {
  scratch.setUint16(0, bits);
  return scratch.getFloat32(0);
}

function decodeWeight({ dtype, shape, bytes }: SafeTensor, key: string, file: string): Weight {
  const read = readers[dtype];
  if (!read)
    throw new FileError(
      file,
      `${key} has type ${dtype}`,
      `Weights must be one of ${Object.keys(readers).join(', ')}; convert it first.`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const values = new Float32Array(shape.reduce((count, size) => count * size, 1));
  for (let i = 0; i < values.length; i++) values[i] = read(view, i);
  return { shape, values, integer: dtype === 'I64' };
}
