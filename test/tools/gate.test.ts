import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { encodeSafetensors, type SafeTensor } from '../../src/models/safetensors.ts';
import { renderReport } from '../../src/report/report.ts';
import { compareFile } from '../../tools/gate/compare.mjs';
import { Expectations } from '../../tools/gate/expect.mjs';
import { resultOf } from '../results/results.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const compareTexts = (name: string, base: string, work: string) => compareFile(name, utf8(base), utf8(work));
const paths = (name: string, base: string, work: string): string[] =>
  compareTexts(name, base, work).map(({ path }) => path);

const f32 = (values: readonly number[], shape: readonly number[]): SafeTensor => ({
  dtype: 'F32',
  shape,
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});

function tensorFile(tensors: Readonly<Record<string, SafeTensor>>, step: number): Uint8Array {
  const metadata = { run: JSON.stringify({ step, config: { seed: 1 } }) };
  return encodeSafetensors({ tensors: new Map(Object.entries(tensors)), metadata });
}

describe('the gate', () => {
  const whole = tensorFile({ a: f32([1, 2, 3, 4, 5, 6], [2, 3]), b: f32([0], [1]) }, 4);

  it('sees one bit of a tensor, says where it is, and that a key of the metadata changed', () => {
    const changed = tensorFile({ a: f32([1, 2, 3, 4, 5 + 2 ** -21, 6], [2, 3]), b: f32([0], [1]) }, 5);
    expect(compareFile('x.safetensors', whole, changed)).toEqual([
      { path: 'metadata.run.step', text: '4 and 5' },
      { path: 'a', text: '1 of 6 elements, first [1, 1]: 5 and 5.000000476837158' },
    ]);
  });

  it('tells 0 from −0, and one NaN from another', () => {
    const nan = (payload: number): SafeTensor => ({
      dtype: 'F32',
      shape: [1],
      bytes: new Uint8Array(Uint32Array.of(0x7fc00000 + payload).buffer),
    });
    const file = (zero: number, payload: number) => tensorFile({ z: f32([zero], [1]), n: nan(payload) }, 1);
    const found = compareFile('x.safetensors', file(0, 0), file(-0, 1));
    expect(found.map(({ path }) => path)).toEqual(['z', 'n']);
  });

  it('sees tensors of another shape, missing and added; their order in the file means nothing', () => {
    const other = tensorFile({ c: f32([0], [1]), a: f32([1, 2, 3, 4, 5, 6], [3, 2]) }, 4);
    expect(compareFile('x.safetensors', whole, other)).toEqual([
      { path: 'a', text: 'F32 [2, 3] and F32 [3, 2]' },
      { path: 'b', text: 'is in the base only' },
      { path: 'c', text: 'is in the work tree only' },
    ]);
    const turned = tensorFile({ b: f32([0], [1]), a: f32([1, 2, 3, 4, 5, 6], [2, 3]) }, 4);
    expect(turned).not.toEqual(whole);
    expect(compareFile('x.safetensors', whole, turned)).toEqual([]);
  });

  it('compares a torn tensor file by bytes instead of failing', () => {
    const [found] = compareFile('x.safetensors', whole, whole.subarray(0, 20));
    expect(found!.text).toMatch(/^byte \d+: .* bytes \(not read as a tensor file: /);
  });

  it('compares JSON by value: keys in any order, numbers to the last bit, lists in theirs', () => {
    expect(paths('e.json', '{"a":1,"b":[1,2]}', '{ "b": [1, 2], "a": 1 }')).toEqual([]);
    expect(
      compareTexts('e.json', '{"a":{"mae":0.1},"b":[1,2]}', '{"a":{"mae":0.10000000000000002},"b":[2,1,0]}'),
    ).toEqual([
      { path: 'a.mae', text: '0.1 and 0.10000000000000002' },
      { path: 'b.0', text: '1 and 2' },
      { path: 'b.1', text: '2 and 1' },
      { path: 'b.2', text: 'nothing and 0' },
    ]);
    expect(paths('e.json', '{"a":null}', '{}')).toEqual(['a']);
    expect(paths('e.json', '{"a":0}', '{"a":-0}')).toEqual(['a']);
    expect(paths('e.json', '{}', '[]')).toEqual(['']);
    expect(paths('e.json', '{}', 'no JSON')).toEqual(['{}', 'no JSON']);
  });

  it('compares logs line by line but for throughput', () => {
    const log = (loss: number, speed: number) =>
      `{"step":1,"loss":1,"imagesPerSecond":${speed}}\n{"step":2,"loss":${loss}}\n`;
    expect(paths('m.jsonl', log(0.5, 10), log(0.5, 11))).toEqual([]);
    expect(paths('m.jsonl', log(0.5, 10), log(0.25, 11))).toEqual(['line 2.loss']);
    expect(paths('m.jsonl', log(0.5, 10), `${log(0.5, 10)}{"step":3}\n`)).toEqual(['line 3']);
  });

  it('compares a report without its durations and throughput, and nothing else', () => {
    const report = (seconds: number, speed: number, angle: number, steps = 2): string =>
      renderReport({
        title: 'A run',
        config: { steps },
        adapter: { name: 'an adapter', software: true },
        timings: [{ name: 'Training', seconds }],
        metrics: [{ step: 1, loss: 1, lr: 0.1, imagesPerSecond: speed }],
        validation: [],
        tasks: [],
        evaluation: {
          part: 'test',
          images: 1,
          subjects: 1,
          results: [resultOf({ value: angle, trivial: 1, digits: 3 })],
          summaries: {},
          scatters: [],
          notes: [],
          shown: [],
        },
        data: {
          name: 'd',
          size: 8,
          spacingMm: 1,
          targetView: 'sax',
          referenceViews: [],
          parts: [],
          skipped: [],
        },
      });
    const base = report(1.5, 40, 0.25);
    for (const [seconds, speed] of [
      [59.9, 41],
      [61, 4000],
      [7300, 0.9],
    ] as const)
      expect(paths('report.html', base, report(seconds, speed, 0.25))).toEqual([]);
    expect(paths('report.html', base, report(1.5, 40, 0.251)).length).toBeGreaterThan(0);
    expect(paths('report.html', base, report(1.5, 40, 0.25, 3))).toEqual(['<td>2', '<td>3']);
    expect(paths('report.html', base, base.replace('Training speed', 'Speed')).length).toBe(2);
  });

  it('compares a panel of the page without the pace of its run', () => {
    const panel = (speed: string, loss: string): string =>
      `<dl><dt>Loss</dt><dd>${loss}</dd><dt>Images per second</dt><dd>${speed}</dd></dl><p>9 slices in ${speed} s.</p>`;
    expect(paths('train.html', panel('4.5', '0.1'), panel('11.2', '0.1'))).toEqual([]);
    expect(paths('train.html', panel('4.5', '0.1'), panel('4.5', '0.2'))).toEqual(['<dd>0.1', '<dd>0.2']);
  });

  it('names lines that came and went, and shows a long one where it differs', () => {
    const long = 'x'.repeat(500);
    expect(compareTexts('stdout.txt', `a\n${long}1\nc\n`, `a\n${long}2\nb\nc\n`)).toEqual([
      { path: `${long}1`, place: 'line 2', text: expect.stringMatching(/^in the base only: …x+1$/) },
      { path: `${long}2`, place: 'line 2', text: expect.stringMatching(/^in the work tree only: …x+2$/) },
      { path: 'b', place: 'line 3', text: 'in the work tree only: b' },
    ]);
  });

  it('leaves out progress and drivers’ words, and no warning', () => {
    const run = (time: string, warning: string): string =>
      `Warning: maxFoo artificially reduced\ntraining from step 3  6/6  100%  took ${time}  46 images/s\nwarning: ${warning}\n`;
    expect(paths('stderr.1.txt', run('0:01', 'x'), 'warning: x\n')).toEqual([]);
    expect(paths('stderr.1.txt', run('0:01', 'x'), run('0:02', 'y'))).toEqual(['warning: x', 'warning: y']);
  });

  it('finds the pixel of a picture that differs', () => {
    const picture = (value: number): Uint8Array =>
      encode({ width: 3, height: 2, channels: 1, depth: 8, data: Uint8Array.of(0, 0, 0, 0, value, 0) });
    expect(compareFile('s.png', picture(7), picture(8))).toEqual([
      { path: 'pixels', text: '1 of 6 pixels, first (1, 1): 7 and 8' },
    ]);
    expect(compareFile('s.png', picture(7), picture(7))).toEqual([]);
  });

  it('finds the byte of any other file, and files that only one tree has', () => {
    expect(compareFile('p.bin', Uint8Array.of(1, 2, 3), Uint8Array.of(1, 9))).toEqual([
      { path: '', text: 'byte 1: 2 and 9; 3 and 2 bytes' },
    ]);
    expect(compareFile('p.bin', null, Uint8Array.of(1))).toEqual([
      { path: '', text: 'is in the work tree only' },
    ]);
    expect(compareFile('p.bin', Uint8Array.of(1), null)).toEqual([{ path: '', text: 'is in the base only' }]);
  });
});

describe('differences that are meant', () => {
  const entry = { case: 'both', file: 'run/*.json', path: 'tasks.*', why: 'sections' };

  it('match by case, file and path, with * for any text', () => {
    const expected = new Expectations([entry]);
    expect(expected.why('both', 'run/config.json', 'tasks.location.beta')).toBe('sections');
    expect(expected.why('location', 'run/config.json', 'tasks.location.beta')).toBe(null);
    expect(expected.why('both', 'run/configXjson', 'tasks.location.beta')).toBe(null);
    expect(expected.why('both', 'run/config.json', 'subtasks.location')).toBe(null);
  });

  it('that match nothing are told, for cases that ran', () => {
    const expected = new Expectations([entry, { ...entry, case: 'mixed' }]);
    expect(expected.unmet(['both'])).toEqual([entry]);
    expected.why('both', 'run/config.json', 'tasks.a');
    expect(expected.unmet(['both'])).toEqual([]);
    expect(expected.unmet(['both', 'mixed'])).toHaveLength(1);
  });

  it('must say all four things, and why', () => {
    const { why: _, ...rest } = entry;
    for (const wrong of [rest, { ...entry, why: ' ' }, { ...entry, more: 1 }])
      expect(() => new Expectations([wrong as typeof entry], 'e.json')).toThrow(/e\.json: entry 1 /);
  });
});
