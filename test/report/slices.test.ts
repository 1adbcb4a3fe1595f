/** @file Marks of every kind as the report paints them. */
import { decode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { css, seriesColour, trueColour } from '../../src/report/palette.ts';
import { regionPixels } from '../../src/report/regions.ts';
import { slicesSection } from '../../src/report/slices.ts';
import { windowed } from '../../src/report/windowing.ts';
import type { Finding, Mark } from '../../src/results/mark.ts';
import { sampleOf } from '../tasks/samples.ts';

const size = 4;
const pixels = Float32Array.from({ length: size * size }, (_, i) => i);

function painted(marks: readonly Mark[], series: readonly string[] = ['left', 'right']): string {
  const findings: readonly Finding[] = [{ task: 'any', series, marks }];
  const sample = sampleOf({ subject: 'p1', slice: 2, frame: 1, pixels: () => pixels });
  return String(slicesSection([{ sample, findings }], size));
}

/** Pixels of the images of a class, or of all. */
function pngs(text: string, pattern: RegExp): ReturnType<typeof decode>[] {
  return [...text.matchAll(pattern)].map(([, png]) =>
    decode(Uint8Array.from(atob(png!), (c) => c.charCodeAt(0))),
  );
}

const layers = (text: string, kind: string) =>
  pngs(text, new RegExp(`<image class="${kind}"[^>]*href="data:image/png;base64,([^"]*)"`, 'g'));

describe('a slice of the report', () => {
  test('without marks is the image, with subject, slice and phase', () => {
    const text = painted([]);
    const [image] = pngs(text, /<image x="-0.5"[^>]*href="data:image\/png;base64,([^"]*)"/g);
    expect(image!.data).toEqual(windowed(pixels));
    expect(text).toContain('<h3>p1</h3>');
    expect(text).toContain('<strong>slice 3, phase 2</strong>');
    expect(text).toContain('aria-label="p1, slice 3, phase 2"');
    expect(text).not.toContain('class="toggle"');
    expect(painted([], [])).not.toContain('<ul');
    expect(text).not.toContain('outlined: true');
  });

  test('has lines in the colours of their series, true ones lighter, and none that misses the image', () => {
    const text = painted([
      { kind: 'line', line: [1, 0, -1], series: 1, of: 'predicted' },
      { kind: 'line', line: [0, 1, -2], series: 1, of: 'truth' },
      { kind: 'line', line: [1, 0, -9], series: 0, of: 'predicted' },
    ]);
    const lines = [
      ...text.matchAll(
        /<line class="(\w+)" x1="(\S+)" y1="(\S+)" x2="(\S+)" y2="(\S+)" stroke="(rgb[^"]*)"\/>/g,
      ),
    ];
    expect(lines.map(([, of, , , , , stroke]) => [of, stroke])).toEqual([
      ['predicted', css(seriesColour(1))],
      ['truth', css(trueColour(1))],
    ]);
    const [x1, y1, x2, y2] = lines[0]!.slice(2, 6).map(Number);
    expect([x1, x2, Math.min(y1!, y2!), Math.max(y1!, y2!)]).toEqual([1, 1, -0.5, 3.5]);
    expect(text).toMatch(/predicted<\/li><li>.*true<\/li>/);
  });

  test('has heat in its colour, as opaque as it is hot, mixed where two are', () => {
    const one = Float32Array.from({ length: 16 }, (_, i) => (i === 1 || i === 2 ? 1 : 0));
    const two = Float32Array.from({ length: 16 }, (_, i) => (i === 2 ? 1 : i === 3 ? 0.5 : 0));
    const text = painted([
      { kind: 'heat', values: one, series: 0, of: 'predicted' },
      { kind: 'heat', values: two, series: 1, of: 'predicted' },
    ]);
    const [heat] = layers(text, 'heat');
    const at = (i: number): number[] => [...heat!.data.slice(4 * i, 4 * i + 4)];
    expect(at(0)[3]).toBe(0);
    expect(at(1)).toEqual([...seriesColour(0), 255]);
    const mixed = seriesColour(0).map((v, k) => Math.floor((v + seriesColour(1)[k]!) / 2));
    expect(at(2)).toEqual([...mixed, 255]);
    expect(at(3)).toEqual([...seriesColour(1), 128]);
    expect(text).toContain('Show predicted heatmaps');
  });

  test('has regions over the image, predicted and true, magnified so that outlines are thin', () => {
    const classes = Uint8Array.from({ length: 16 }, (_, i) => (i === 5 || i === 6 ? 2 : 0));
    const regions = (['predicted', 'truth'] as const).map((of) => ({ kind: 'region', classes, of }) as const);
    const text = painted(regions);
    for (const region of regions) {
      const [layer] = layers(text, `region ${region.of}`);
      expect(layer!.width % size).toBe(0);
      expect(layer!.width).toBeGreaterThanOrEqual(4 * size);
      expect(Buffer.compare(layer!.data as Uint8Array, regionPixels(region, size, layer!.width / size))).toBe(
        0,
      );
    }
    expect(text).toContain('filled: predicted; outlined: true');
  });

  test('has pictures under it, windowed as images are, under their titles', () => {
    const values = pixels.map((v) => 100 - v);
    const text = painted([{ kind: 'picture', title: 'restored', values }]);
    const [picture] = pngs(
      text,
      /<img alt="restored" style="width:100%" src="data:image\/png;base64,([^"]*)"/g,
    );
    expect(picture!.data).toEqual(windowed(values));
    expect(text).toContain('<p>restored</p>');
  });

  test('has scales with what is predicted and what is true, within their ends', () => {
    const scale = { kind: 'scale', title: 'location', from: 'base', to: 'apex' } as const;
    const text = painted([{ ...scale, predicted: 0.125, truth: 1 }]);
    expect(text).toContain('<b style="left:12.5%"></b><i style="left:100.0%"></i>');
    expect(text).toContain('<p>location 0.13, true 1.00</p>');
    expect(text).toMatch(/predicted location<\/li>.*true location, base to apex<\/li>/);
    const beyond = painted([{ ...scale, predicted: -0.5, truth: null }]);
    expect(beyond).toContain('<b style="left:0.0%"></b></div>');
    expect(beyond).toContain('<p>location −0.50</p>');
  });

  test('has regions of several tasks in colours of their own', () => {
    const classes = Uint8Array.from({ length: 16 }, () => 1);
    const marks: readonly Mark[] = [{ kind: 'region', classes, of: 'predicted' }];
    const findings = ['one', 'two'].map((task) => ({ task, series: [task], marks }));
    const sample = sampleOf({ subject: 'p1', pixels: () => pixels });
    const drawn = layers(String(slicesSection([{ sample, findings }], size)), 'region predicted');
    expect(drawn.map(({ data }) => [...data.slice(0, 3)])).toEqual(
      [0, 1].map((series) => [...seriesColour(series)]),
    );
  });

  test('has words, with the colour and name of their series where they are about one', () => {
    const text = painted([
      { kind: 'words', text: 'no line found', series: 1 },
      { kind: 'words', text: 'sharp' },
    ]);
    const swatch = `<span class="swatch" style="background:${css(seriesColour(1))}"></span>`;
    expect(text).toContain(`<p title="right">${swatch}no line found</p>`);
    expect(text).toContain('<p>sharp</p>');
    expect(text).toContain('aria-label="p1, slice 3, phase 2; right no line found; sharp"');
  });

  test('stands with those of its subject, under a legend that names each series once', () => {
    const words: Mark = { kind: 'words', text: 'x', series: 0 };
    const finding: Finding = { task: 'any', series: ['left', 'right'], marks: [words] };
    const other: Finding = { task: 'organs', series: ['liver'], marks: [words] };
    const of = (subject: string, slice: number) => ({
      sample: sampleOf({ subject, slice, pixels: () => pixels }),
      findings: [finding, other],
    });
    const text = String(slicesSection([of('p1', 0), of('p1', 1), of('p2', 0)], size));
    expect([...text.matchAll(/<h3>(\w+)<\/h3>/g)].map(([, subject]) => subject)).toEqual(['p1', 'p2']);
    expect(text.match(/<figure class="slice">/g)).toHaveLength(3);
    const [legend] = /<ul class="legend">.*?<\/ul>/s.exec(text)!;
    expect([...legend.matchAll(/<\/span>([^<]*)<\/li>/g)].map(([, name]) => name)).toEqual([
      'left',
      'right',
      'liver',
    ]);
    const colours = [...legend.matchAll(/background:(rgb\([^)]*\))/g)].map(([, colour]) => colour);
    expect(colours).toEqual([0, 1, 2].map((series) => css(seriesColour(series))));
    const swatches = [...text.matchAll(/<p title="(\w+)"><span class="swatch" style="background:([^"]*)">/g)];
    expect(new Set(swatches.map(([, name, colour]) => `${name} ${colour}`))).toEqual(
      new Set([`left ${colours[0]}`, `liver ${colours[2]}`]),
    );
    expect(slicesSection([], size)).toBe('');
  });
});
