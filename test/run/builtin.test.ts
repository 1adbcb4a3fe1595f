/** @file The weights in the package are what their card says, and their recipe still begins with the same bits. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { shapesOf } from '../../src/exchange/names.ts';
import { decodeWeights, type WeightsMetadata } from '../../src/models/weights.ts';
import { cardLines, type Made, readMade, sha256 } from '../../src/run/builtincard.node.ts';
import { parseGiven } from '../../src/run/config.ts';
import { type Described, readDescribed } from '../../src/run/exchange.ts';
import { runJob } from '../../src/run/job.node.ts';
import { pretraining } from '../../src/run/job.ts';
import { recipeOf, recipeText } from '../../src/run/recipe.ts';
import type { GivenConfig, PhantomSettings } from '../../src/run/settings.ts';
import { builtinFolder, readFound } from '../../src/run/weights.node.ts';
import { weightsChecksum } from '../../src/train/init.ts';
import { beginning, cardPart, MOST_BYTES, shortened } from '../../tools/builtin.mjs';
import { useFolder } from '../commands/terminal.ts';

const at = useFolder();
const root = fileURLToPath(new URL('../..', import.meta.url));

interface Config extends GivenConfig {
  readonly steps: number;
  readonly phantom: PhantomSettings;
}

let config: Config;
let made: Made;
let bytes: Uint8Array;
let described: Described;
let metadata: WeightsMetadata;
beforeAll(async () => {
  config = JSON.parse(await readFile(join(builtinFolder, 'config.json'), 'utf8'));
  made = await readMade();
  ({ bytes } = await readFound('builtin'));
  described = await readDescribed(bytes, 'builtin');
  ({ metadata } = decodeWeights(bytes, 'builtin'));
});

describe('the file', () => {
  it('has the checksum and the size of its card, and is small', () => {
    expect(sha256(bytes)).toBe(made.sha256);
    expect(bytes.length).toBe(made.bytes);
    expect(bytes.length).toBeLessThanOrEqual(MOST_BYTES);
  });

  it('says that it was made with the committed configuration', () => {
    const given = parseGiven(shortened(config, made), 'builtin/config.json');
    expect(recipeOf(metadata, 'builtin')!.given).toEqual(given);
    const { model, tasks, size, spacingMm } = described.info;
    expect({ model, tasks, size, spacingMm }).toEqual({
      model: expect.objectContaining({ ...config.model }),
      tasks: Object.fromEntries((config.tasks as string[]).map((name) => [name, expect.anything()])),
      size: config.size,
      spacingMm: config.spacingMm,
    });
  });

  it('holds the network and nothing else', () => {
    expect([...described.state.keys()]).toEqual([...shapesOf(described.plan).keys()]);
  });
});

describe('the card', () => {
  it('has what the maker wrote about this file, and the seed of the hearts it saw', async () => {
    const card = await readFile(join(root, 'docs', 'builtin-weights.md'), 'utf8');
    expect(card).toContain(cardPart(config.steps, made));
    for (const told of [
      `${config.phantom.subjects.toLocaleString('en')} of the hard`,
      `seed ${config.phantom.seed}`,
    ])
      expect(card).toContain(told);
  });

  it('warns in the gist where the file is another', () => {
    const recipe = recipeOf(metadata, 'builtin')!;
    const of = (own: Uint8Array): string => cardLines(recipe, own, made).join('\n');
    expect(of(bytes)).toContain(`without labels on ${recipeText(recipe)}`);
    expect(of(bytes)).not.toContain('install planewise again');
    expect(of(bytes.slice(1))).toContain('which this file has not: install planewise again');
  });
});

describe('the recipe', () => {
  // few subjects and steps: what changes any of the 11,000 steps most likely changes these
  it('begins on SwiftShader with the bits that it began with when the weights were made', async () => {
    const { subjects, steps, checksum } = made.beginning;
    expect({ subjects, steps }).toEqual(beginning);
    await runJob({
      ...{ kind: pretraining, resume: false, worker: null, signal: new AbortController().signal },
      given: { ...shortened(config, beginning), out: at('run') },
      console: { say: () => {}, warn: () => {}, startStage: () => ({ update: () => {}, end: () => {} }) },
    });
    const { state } = decodeWeights(await readFile(at('run', 'weights.safetensors')), 'weights');
    const advice = `other weights than when builtin/ was made: where that is meant, run npm run builtin (${pathToFileURL(builtinFolder)})`;
    expect(weightsChecksum(state), advice).toBe(checksum);
  }, 300_000);
});
