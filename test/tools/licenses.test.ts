import { describe, expect, it } from 'vitest';
import { uplotScript } from '../../src/report/uplot.gen.ts';
import { licensesOf, neededBy, packageOf, productionLicenses } from '../../tools/licenses.mjs';

describe('licences of what a build holds', () => {
  it('are those of the packages that its files are of, however deep they lie, and of what is copied', () => {
    const names = [
      'node_modules/a/node_modules/@b/c/dist/x.js',
      'node_modules/zod/v4/index.js',
      'src/cli.ts',
    ];
    expect([...names, 'src/report/uplot.gen.ts'].map(packageOf)).toEqual(['@b/c', 'zod', undefined, 'uplot']);
  });

  it('have each package’s text once, by name, and those of libraries that are compiled into one', async () => {
    const text = await licensesOf(['zod', '@cornerstonejs/codec-openjpeg', 'zod']);
    expect(text.match(/^zod [\d.]+ \(MIT\)$/gm)).toHaveLength(1);
    expect(text).toContain('Copyright (c) 2025 Colin McDonnell');
    expect(text.indexOf('@cornerstonejs/codec-openjpeg')).toBeLessThan(text.indexOf('zod '));
    expect(text).toContain('Universite catholique de Louvain');
    expect(await licensesOf(['zod'])).not.toContain('OpenJPEG');
  });

  it('stop the build where a package has none', async () => {
    await expect(licensesOf(['zod', '@bufbuild/protobuf'])).rejects.toThrow(
      '@bufbuild/protobuf 2.17.0 has no licence',
    );
  });

  it('go where the plotting script goes, into every report', () => {
    expect(uplotScript).toContain('Permission is hereby granted');
    expect(uplotScript.slice(2)).not.toContain('/*\n/*');
  });

  it('are those of what is bundled in turn, each version by itself, and of the embedded adapter', async () => {
    const names = await neededBy(['dcmjs']);
    expect(names).toContain('gl-matrix');
    const text = await licensesOf([...names, '@sparticuz/chromium']);
    expect(text).toMatch(/^pako 2\.[\d.]+ /m);
    for (const holder of ['The SwiftShader Authors', 'The Subzero Authors', 'Arm Limited', 'Dave Gamble'])
      expect(text).toContain(holder);
  });

  it('are permissive in a production install', async () => {
    const found = await productionLicenses();
    expect(found.map(({ name }) => name)).toContain('webgpu');
    const ours = /^\(?(MIT|BSD-3-Clause|Apache-2\.0|Zlib|ISC)( AND (MIT|BSD-3-Clause|Apache-2\.0|Zlib))?\)?$/;
    expect(found.filter(({ license }) => !ours.test(license))).toEqual([]);
  });
});
