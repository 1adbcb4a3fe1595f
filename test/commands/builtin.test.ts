/** @file `builtin` as the name of weights at the terminal: fine-tuned from, shown, exported, refused where it does not fit. */
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addExperiment } from '../../src/commands/experiment.ts';
import { addFinetune } from '../../src/commands/finetune.ts';
import { addPredict } from '../../src/commands/predict.ts';
import { addWeights } from '../../src/commands/weights.ts';
import { decodeWeights, encodeWeights } from '../../src/models/weights.ts';
import { type GivenConfig, type RunConfig, resolveConfig } from '../../src/run/config.ts';
import { adoptModel, initNews, readInit } from '../../src/run/init.node.ts';
import { runJob } from '../../src/run/job.node.ts';
import { fineTuning } from '../../src/run/job.ts';
import { withPlanner } from '../../src/run/planner.node.ts';
import { cohortOf, describeRecipe, recipeText } from '../../src/run/recipe.ts';
import { readFound } from '../../src/run/weights.node.ts';
import { fileOf, orientation } from '../run/anyweights.ts';
import { tiny } from '../run/experiment/tiny.ts';
import { hearts } from './hearts.ts';
import { terminal, useFolder, write } from './terminal.ts';

const at = useFolder();
const few = ['--adapter', 'swiftshader', '--size', '16', '--batch', '2', '--steps', '1'];
const given = {
  adapter: 'swiftshader',
  size: 16,
  batch: 2,
  steps: 1,
  init: 'builtin',
  preset: 'finetune',
} as const;
const finetune = (...args: string[]) =>
  terminal((program) => addFinetune(program, null), ...['finetune', ...few, '--data', at('data'), ...args]);
const weights = (...args: string[]) => terminal(addWeights, 'weights', ...args);
const configOf = async (run: string): Promise<RunConfig> =>
  JSON.parse(await readFile(at(run, 'config.json'), 'utf8'));

const home = process.cwd();
beforeAll(() => write(at('data'), hearts(5)));
afterEach(() => process.chdir(home));

describe('finetune --init builtin', () => {
  it('takes the network of the weights where nothing is said of it, and says so and where the pixels differ', async () => {
    const { stdout, stderr } = await finetune('--init', 'builtin', '--out', at('own'));
    expect(stdout).toContain('Network of builtin: U-Net, 16 channels, 4 levels');
    expect(stdout).toContain('builtin saw pixels of 6 mm, here they are of 12 mm');
    expect(stdout).toMatch(/Start: \d+ of \d+ weights of builtin are taken over/);
    expect(stderr).not.toContain('warning: The network');
    expect(await configOf('own')).toMatchObject({ init: 'builtin', model: { width: 16, depth: 4 } });
    const { file, fresh } = JSON.parse(await readFile(at('own', 'init.json'), 'utf8'));
    expect([file, fresh]).toEqual(['builtin', ['final.weight', 'final.bias']]);
  }, 200_000);

  it('is refused where another width leaves nothing that fits, before anything is read', async () => {
    const staged: string[] = [];
    const wide = runJob({
      ...{ kind: fineTuning, resume: false, worker: null, signal: new AbortController().signal },
      given: { ...given, data: at('data'), model: { width: 8 }, out: at('wide') },
      console: {
        say: () => {},
        warn: () => {},
        startStage: (label) => {
          staged.push(label);
          return { update: () => {}, end: () => {} };
        },
      },
    });
    await expect(wide).rejects.toThrow(
      /^init builtin: none of its \d+ weights \(of U-Net, .*\) fits this network's encoder \(U-Net, .*\)\./,
    );
    expect(staged).toEqual([]);
  }, 200_000);
});

describe('news of a training from weights', () => {
  const news = async (said: GivenConfig) => {
    const init = await readInit('builtin');
    return initNews(init, said, resolveConfig({ preset: 'finetune', ...adoptModel(said, init) }));
  };

  it('name what of the network was asked to be other, and nothing where it is the same', async () => {
    const { say, warn } = await news({ model: { depth: 3 }, spacingMm: 6 });
    expect(say).toEqual([]);
    expect(warn).toEqual([
      expect.stringMatching(/^The network .*: model\.depth is 3, theirs is 4\. Only what/),
    ]);
    const { model } = await readInit('builtin');
    expect(await news({ model: { ...model }, spacingMm: 6 })).toEqual({ say: [], warn: [] });
  });

  it('warn where the run’s own hearts are those that the weights saw', async () => {
    const seed = cohortOf((await readInit('builtin')).recipe!)!.seed;
    const { warn } = await news({ phantom: { seed } });
    expect(warn).toEqual([
      expect.stringContaining(`saw phantom hearts of seed ${seed}, which are those of this`),
    ]);
    expect((await news({ phantom: { seed: seed + 1 } })).warn).toEqual([]);
    expect((await news({ data: 'elsewhere' })).warn).toEqual([]);
  });
});

describe('the name builtin', () => {
  it('means the package’s weights where a folder of that name lies about, which is ./builtin', async () => {
    await mkdir(at('here'));
    await cp(at('own'), at('here', 'builtin'), { recursive: true });
    process.chdir(at('here'));
    const named = await readFound('builtin');
    expect(named.notice).toContain('what lies here under that name is ./builtin');
    expect((await readInit('./builtin')).weights.heads).toEqual([{ task: 'segmentation', paths: ['final'] }]);
    expect((await weights('show', 'builtin')).stderr).toContain(named.notice);
    process.chdir(home);
    expect((await readFound('builtin')).notice).toBeNull();
  });

  it('stands for them in weights show, which prints the gist of their card, and in weights export', async () => {
    const { recipe } = await readInit('builtin');
    const { stderr } = await weights('show', 'builtin');
    for (const told of [recipeText(recipe!), 'never saw a patient', 'Not for diagnosis', 'SHA-256'])
      expect(stderr).toContain(told);
    const { stdout } = await weights('show', 'builtin', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ file: 'builtin', recipe: recipe!.given });
    const exported = await weights('export', 'builtin', '--out', at('again.safetensors'));
    expect(exported.stderr).toMatch(/again\.safetensors: (\d+) of \1 weights/);
    const { bytes } = await readFound('builtin');
    expect(Buffer.compare(await readFile(at('again.safetensors')), bytes)).toBe(0);
    const again = await weights('show', at('again.safetensors'));
    expect(again.stderr).toContain(`pretrained on ${recipeText(recipe!)}`);
  });

  it('stands for them where a network is run', async () => {
    const options = { adapter: 'swiftshader', batch: 1, turns: 1, say: () => {} } as const;
    const views = await withPlanner('builtin', options, async (planner) => planner.views);
    expect(views).toEqual(['2-chamber', '4-chamber']);
    const args = ['--weights', 'builtin', '--data', at('data'), '--out', at('masks')];
    await expect(terminal(addPredict, 'predict', ...args)).rejects.toThrow(
      /^builtin: was trained on orientation.* which segments nothing/,
    );
  });
});

describe('an experiment', () => {
  const base = { ...tiny.base, model: { width: 16, depth: 4 } };
  const once = { base, labelled: [1], steps: [1], seeds: [1] };
  const from = (path: string) => ({
    ...tiny,
    ...once,
    initialisations: { scratch: null, ours: { weights: path } },
  });

  async function experiment(content: object, out: string, ...args: string[]): Promise<string> {
    await writeFile(at('e.json'), JSON.stringify(content));
    const add = (program: Command): void => addExperiment(program, null);
    await terminal(add, 'experiment', at('e.json'), '--out', at(out), ...args);
    return readFile(at(out, 'report.html'), 'utf8');
  }

  it('begins with them, and its report says whom they saw', async () => {
    const { recipe } = await readInit('builtin');
    const report = await experiment(from('builtin'), 'whole');
    expect(report).toContain(`The weights of ours say that they were pretrained on ${recipeText(recipe!)}.`);
    expect(report).not.toContain('is not known here');
  }, 200_000);

  it('does not say so of weights that are others by now', async () => {
    const file = at('moved.safetensors');
    await writeFile(file, (await readFound('builtin')).bytes);
    expect(await experiment(from(file), 'moved', '--only', 'ours')).not.toContain('is not known here');
    const { state, metadata } = decodeWeights(await readFile(file), file);
    state.get('final.bias')!.values.fill(1);
    await writeFile(file, encodeWeights(state, metadata));
    const again = await experiment(from(file), 'moved', '--report');
    expect(again).toContain('Where the weights of ours come from is not known here');
  }, 200_000);

  it('is refused before anything runs where no weight fits its network', async () => {
    const narrow = { ...from('builtin'), base: tiny.base };
    await expect(experiment(narrow, 'narrow')).rejects.toThrow(
      /^initialisations\.ours\.weights \(builtin\) are of a network \(U-Net, 16 channels, 4 levels\) whose encoder shares no weight with that of base \(U-Net, 4 channels, 2 levels\)\. Set base\.model to \{/,
    );
    expect(existsSync(at('narrow', 'points'))).toBe(false);
  });

  it('is refused where its test subjects are hearts that weights saw', async () => {
    const file = at('seen.safetensors');
    const { state } = fileOf({ orientation }, []);
    await writeFile(file, encodeWeights(state, describeRecipe({ phantom: { seed: 13 } })));
    await expect(experiment(from(file), 'seen', '--only', 'scratch')).rejects.toThrow(
      'the cohort that initialisations.ours.weights saw is 13, which is the cohort of subjects.test',
    );
  });
});
