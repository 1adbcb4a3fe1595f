/** @file ONNX's messages as bytes (onnx.proto, IR version 8): the fields that are written, by name, number and kind. */
import { encodeMessage, type Fields } from '../protobuf.ts';

const entry: Fields = { key: [1, 'text'], value: [2, 'text'] };

const attribute: Fields = {
  name: [1, 'text'],
  f: [2, 'float'],
  i: [3, 'int'],
  s: [4, 'text'],
  ints: [8, 'int'],
  type: [20, 'int'],
};

const node: Fields = {
  input: [1, 'text'],
  output: [2, 'text'],
  name: [3, 'text'],
  opType: [4, 'text'],
  attribute: [5, attribute],
};

const tensor: Fields = { dims: [1, 'int'], dataType: [2, 'int'], name: [8, 'text'], rawData: [9, 'bytes'] };

const dimension: Fields = { dimValue: [1, 'int'], dimParam: [2, 'text'] };
const tensorType: Fields = { elemType: [1, 'int'], shape: [2, { dim: [1, dimension] }] };
const valueInfo: Fields = {
  name: [1, 'text'],
  type: [2, { tensorType: [1, tensorType] }],
  docString: [3, 'text'],
};

const graph: Fields = {
  node: [1, node],
  name: [2, 'text'],
  initializer: [5, tensor],
  input: [11, valueInfo],
  output: [12, valueInfo],
};

const model: Fields = {
  irVersion: [1, 'int'],
  producerName: [2, 'text'],
  docString: [6, 'text'],
  graph: [7, graph],
  opsetImport: [8, { domain: [1, 'text'], version: [2, 'int'] }],
  metadataProps: [14, entry],
};

export interface AttributeProto {
  readonly name: string;
  readonly type: 1 | 2 | 3 | 7;
  readonly f?: number;
  readonly i?: number;
  readonly s?: string;
  readonly ints?: readonly number[];
}

export interface NodeProto {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name: string;
  readonly opType: string;
  readonly attribute: readonly AttributeProto[];
}

/** Numbers of TensorProto.DataType. */
export const dataTypes = { f32: 1, i32: 6, i64: 7, f16: 10, u32: 12, bool: 9 } as const;

export interface TensorProto {
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly name: string;
  /** Little-endian, row-major. */
  readonly rawData: Uint8Array;
}

export interface ValueInfoProto {
  readonly name: string;
  readonly type: {
    readonly tensorType: {
      readonly elemType: number;
      readonly shape: { readonly dim: readonly ({ dimValue: number } | { dimParam: string })[] };
    };
  };
  readonly docString?: string;
}

export interface ModelProto {
  readonly irVersion: number;
  readonly producerName: string;
  readonly docString: string;
  readonly graph: {
    readonly node: readonly NodeProto[];
    readonly name: string;
    readonly initializer: readonly TensorProto[];
    readonly input: readonly ValueInfoProto[];
    readonly output: readonly ValueInfoProto[];
  };
  readonly opsetImport: readonly { readonly domain: string; readonly version: number }[];
  readonly metadataProps: readonly { readonly key: string; readonly value: string }[];
}

/** The bytes of an .onnx file. */
export const encodeModel = (message: ModelProto): Uint8Array => encodeMessage(model, message);
