/** @file Event files read by hand, independently of what writes them: TFRecords, CRC-32C, Protocol Buffers' wire format. */

/** CRC-32C bit by bit, from the polynomial as Castagnoli has it, most significant bit first. */
export function crc32c(bytes: Uint8Array): number {
  const reversed = (value: number, bits: number): number =>
    Array.from({ length: bits }, (_, i) => ((value >>> i) & 1) * 2 ** (bits - 1 - i)).reduce(
      (a, b) => a + b,
      0,
    );
  let crc = 0xffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(reversed(byte, 8)) << 24n;
    for (let bit = 0; bit < 8; bit++)
      crc = ((crc << 1n) ^ (crc & 0x80000000n ? 0x1edc6f41n : 0n)) & 0xffffffffn;
  }
  return reversed(Number(crc ^ 0xffffffffn), 32);
}

/** Of TFRecords: turned right by 15 bits, and a constant added. */
function masked(bytes: Uint8Array): number {
  const crc = BigInt(crc32c(bytes));
  return Number((((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn);
}

/** The bytes of each record. Throws where a checksum is another, or the last record is cut short. */
export function recordsIn(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const records: Uint8Array[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(view.getBigUint64(at, true));
    const record = file.subarray(at + 12, at + 12 + length);
    const whole =
      view.getUint32(at + 8, true) === masked(file.subarray(at, at + 8)) &&
      view.getUint32(at + 12 + length, true) === masked(record);
    if (!whole) throw new Error(`a checksum is wrong in the record at ${at}`);
    records.push(record);
    at += length + 16;
  }
  return records;
}

type Value = number | Uint8Array;

/** Fields of a message by number, each with its values in order. */
function fieldsOf(message: Uint8Array): Map<number, Value[]> {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const fields = new Map<number, Value[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, value));
    }
  };
  const taken = (size: number): number => {
    at += size;
    return at - size;
  };
  while (at < message.length) {
    const tag = varint();
    const read: Record<number, () => Value> = {
      0: varint,
      1: () => view.getFloat64(taken(8), true),
      2: () => {
        const length = varint();
        const from = taken(length);
        return message.subarray(from, from + length);
      },
      5: () => view.getFloat32(taken(4), true),
    };
    const number = tag >> 3;
    fields.set(number, [...(fields.get(number) ?? []), read[tag & 7]!()]);
  }
  return fields;
}

const text = (value: Value | undefined): string => new TextDecoder().decode(value as Uint8Array);

export interface ReadEvent {
  readonly wallTime: number;
  readonly step: number;
  readonly version: string | null;
  /** Whether it is a SessionLog START. */
  readonly starts: boolean;
  readonly scalars: Readonly<Record<string, number>>;
  readonly pictures: Readonly<Record<string, { width: number; height: number; png: Uint8Array }>>;
}

/** An Event message (tensorflow/core/util/event.proto). */
function eventOf(record: Uint8Array): ReadEvent {
  const event = fieldsOf(record);
  const [summary, session, version] = [5, 7, 3].map(
    (number) => event.get(number)?.[0] as Uint8Array | undefined,
  );
  const values = summary
    ? (fieldsOf(summary).get(1) ?? []).map((value) => fieldsOf(value as Uint8Array))
    : [];
  const tagged = values.map((value) => [text(value.get(1)?.[0]), value] as const);
  return {
    wallTime: event.get(1)?.[0] as number,
    step: (event.get(2)?.[0] ?? 0) as number,
    version: version ? text(version) : null,
    starts: session !== undefined && fieldsOf(session).get(1)?.[0] === 1,
    scalars: Object.fromEntries(
      tagged.flatMap(([tag, value]) => (value.has(2) ? [[tag, value.get(2)![0] as number]] : [])),
    ),
    pictures: Object.fromEntries(
      tagged.flatMap(([tag, value]) => {
        if (!value.has(4)) return [];
        const image = fieldsOf(value.get(4)![0] as Uint8Array);
        const [height, width] = [1, 2].map((number) => image.get(number)![0] as number);
        return [[tag, { width: width!, height: height!, png: image.get(4)![0] as Uint8Array }]];
      }),
    ),
  };
}

export const eventsIn = (file: Uint8Array): ReadEvent[] => recordsIn(file).map(eventOf);

/** What TensorBoard shows of a run's event files in order: a START drops what earlier ones have of its step and later. */
export function shownScalars(files: readonly Uint8Array[]): Record<string, [step: number, value: number][]> {
  let kept: ReadEvent[] = [];
  for (const event of files.flatMap(eventsIn)) {
    if (event.starts) kept = kept.filter(({ step }) => step < event.step);
    kept.push(event);
  }
  const shown: Record<string, [number, number][]> = {};
  for (const { step, scalars } of kept)
    for (const [tag, value] of Object.entries(scalars)) shown[tag] = [...(shown[tag] ?? []), [step, value]];
  return shown;
}
