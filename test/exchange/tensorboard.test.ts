/** @file Events as TensorBoard's own writer has them, byte by byte, and by a reading of their own. */
import { expect, it } from 'vitest';
import { type EventContent, eventRecord } from '../../src/exchange/tensorboard.ts';
import { crc32c, eventsIn } from './tfevents.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47]);
const scalars: EventContent = { kind: 'scalars', values: { 'loss/training': 0.1, learningRate: 0 } };

/** By RecordWriter and event_pb2 of tensorboard 2.21. */
it.each<[EventContent, step: number, written: string]>([
  [{ kind: 'start' }, 300, '100000000000000095fbfe1809000000000000f83f10ac023a020801713b788a'],
  [
    scalars,
    300,
    '39000000000000008b0737f109000000000000f83f10ac022a2b0a140a0d6c6f73732f747261696e696e6715cdcccc3d0a130a0c6c6561726e696e675261746515000000002cdb2759',
  ],
  [
    { kind: 'picture', tag: 'slices', picture: { width: 3, height: 2, png } },
    7,
    '2500000000000000eabc36f309000000000000f83f10072a180a160a06736c69636573220c080210031803220489504e478bdbabd1',
  ],
])('%j is what TensorBoard writes', (content, step, written) => {
  expect(hex(eventRecord(step, 1.5, content))).toBe(written);
});

it('is read back by another reading', () => {
  // the checksum of "123456789" that catalogues of CRCs have
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
  const [event] = eventsIn(eventRecord(2 ** 40, 1.5, { kind: 'version' }));
  expect(event).toMatchObject({ wallTime: 1.5, step: 2 ** 40, version: 'brain.Event:2', starts: false });
  const values = { a: Number.NaN, b: -3.25, ä: 1e38 };
  expect(eventsIn(eventRecord(1, 0, { kind: 'scalars', values }))[0]!.scalars).toEqual({
    a: Number.NaN,
    b: -3.25,
    ä: Math.fround(1e38),
  });
});
