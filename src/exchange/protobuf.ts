/** @file Messages of Protocol Buffers as bytes, by tables of their fields. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** Of a field: how it is written; a list is written value by value. */
type Kind = 'int' | 'float' | 'double' | 'text' | 'bytes' | Fields;

/** The fields of a message that are written, by name. */
export interface Fields {
  readonly [name: string]: readonly [number: number, kind: Kind];
}

function writeOne(to: BinaryWriter, number: number, kind: Kind, value: unknown): void {
  if (kind === 'int') to.tag(number, WireType.Varint).int64(value as number);
  else if (kind === 'float') to.tag(number, WireType.Bit32).float(value as number);
  else if (kind === 'double') to.tag(number, WireType.Bit64).double(value as number);
  else if (kind === 'text') to.tag(number, WireType.LengthDelimited).string(value as string);
  else if (kind === 'bytes') to.tag(number, WireType.LengthDelimited).bytes(value as Uint8Array);
  else {
    to.tag(number, WireType.LengthDelimited).fork();
    write(to, kind, value as object);
    to.join();
  }
}

function write(to: BinaryWriter, fields: Fields, message: object): void {
  for (const [name, value] of Object.entries(message)) {
    const [number, kind] = fields[name]!;
    for (const one of Array.isArray(value) ? value : [value]) writeOne(to, number, kind, one);
  }
}

/** The bytes of a message. */
export function encodeMessage(fields: Fields, message: object): Uint8Array {
  const to = new BinaryWriter();
  write(to, fields, message);
  return to.finish();
}
