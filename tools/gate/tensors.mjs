/** @file Compares two safetensors files tensor by tensor; read here anew, so that a fault of the code under test shows. */
import { differingValues } from './values.mjs';

/** Bytes of an element, and how to read it. */
const dtypes = {
  F64: [8, (view, at) => view.getFloat64(at, true)],
  F32: [4, (view, at) => view.getFloat32(at, true)],
  I64: [8, (view, at) => view.getBigInt64(at, true)],
  I32: [4, (view, at) => view.getInt32(at, true)],
  U32: [4, (view, at) => view.getUint32(at, true)],
  U8: [1, (view, at) => view.getUint8(at)],
};
/** Of other types the bits are shown. */
const halves = [2, (view, at) => `0x${view.getUint16(at, true).toString(16).padStart(4, '0')}`];

/** JSON inside the strings of the metadata becomes values, so that a key can be told. */
function values(metadata) {
  const parse = (text) => {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  };
  return Object.fromEntries(Object.entries(metadata).map(([key, text]) => [key, parse(text)]));
}

/** Throws an Error where the bytes are no safetensors file. */
export function readTensors(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  const header = JSON.parse(Buffer.from(bytes.subarray(8, 8 + length)).toString('utf8'));
  const { __metadata__: metadata = {}, ...entries } = header;
  const tensors = Object.entries(entries).map(
    ([
      name,
      {
        dtype,
        shape,
        data_offsets: [from, to],
      },
    ]) => [name, { dtype, shape, bytes: bytes.subarray(8 + length + from, 8 + length + to) }],
  );
  return { metadata: values(metadata), tensors: new Map(tensors) };
}

/** Place of an element in a tensor, last index fastest. */
function place(index, shape) {
  const out = [];
  let rest = index;
  for (const size of [...shape].reverse()) {
    out.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return `[${out.join(', ')}]`;
}

function differingElements(base, work) {
  const [size, read] = dtypes[base.dtype] ?? halves;
  const count = base.bytes.length / size;
  const differs = (index) =>
    Buffer.compare(
      base.bytes.subarray(index * size, (index + 1) * size),
      work.bytes.subarray(index * size, (index + 1) * size),
    ) !== 0;
  const indices = Array.from({ length: count }, (_, index) => index).filter(differs);
  const value = ({ bytes }) =>
    read(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), indices[0] * size);
  return `${indices.length} of ${count} elements, first ${place(indices[0], base.shape)}: ${value(base)} and ${value(work)}`;
}

const kind = ({ dtype, shape }) => `${dtype} [${shape.join(', ')}]`;

/** What is to be said of one tensor of two files; null where it is equal. */
function told(base, work) {
  if (!base) return 'is in the work tree only';
  if (!work) return 'is in the base only';
  if (kind(base) !== kind(work)) return `${kind(base)} and ${kind(work)}`;
  return Buffer.compare(base.bytes, work.bytes) === 0 ? null : differingElements(base, work);
}

/** Metadata that differ, then tensors that do, by their names. The order in the file means nothing. */
export function differingTensors(baseBytes, workBytes) {
  const [base, work] = [readTensors(baseBytes), readTensors(workBytes)];
  const names = new Set([...base.tensors.keys(), ...work.tensors.keys()]);
  const tensors = [...names].flatMap((name) => {
    const text = told(base.tensors.get(name), work.tensors.get(name));
    return text === null ? [] : [{ path: name, text }];
  });
  return [...differingValues(base.metadata, work.metadata, 'metadata'), ...tensors];
}
