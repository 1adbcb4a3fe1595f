/** @file Classification: what it refuses, its loss against float64, the judge by hand, and that it is learnt and kept. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { BatchLayout } from '../../src/data/batch.ts';
import { oneImage } from '../../src/data/input.ts';
import type { PreparedData } from '../../src/data/types.ts';
import { decodeWeights } from '../../src/models/weights.ts';
import { describedBy, loadTrained } from '../../src/run/trained.ts';
import { train } from '../../src/run/training.ts';
import { type ClassificationSettings, classification } from '../../src/tasks/classification/index.ts';
import type { Part } from '../../src/tasks/task.ts';
import { tensor } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { evaluate } from '../../src/train/judge.ts';
import { MemoryFiles } from '../../src/train/runfiles.ts';
import { weightsFile } from '../../src/train/weightsfile.ts';
import { checkOp, type Host, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { plainKernels, tinyConfig, tinyData } from '../train/tiny.ts';
import { choiceOf, outputsOf, sampleOf, stepOf } from './samples.ts';

const device = useDevice(plainKernels);
const grid = { size: 8, spacingMm: 2 };
const settings = classification.defaults as ClassificationSettings;

const setup = (
  given: Partial<ClassificationSettings> = {},
  names: readonly string[] = ['DCM', 'HCM', 'NOR'],
): Part =>
  classification.setup(
    { targetView: 'sax', referenceViews: [], groupNames: { pathology: names } },
    { ...settings, ...given },
    grid,
  );

/** An image of a subject in a group. */
const imageOf = (subject: string, group: string | null) =>
  sampleOf({ subject, group: (label) => (label === 'pathology' ? group : null) });

describe('classification needs', () => {
  it('two groups, by the label that is asked for', () => {
    const facts = { targetView: 'sax', referenceViews: [] };
    const of =
      (groupNames: Record<string, string[]>, label = 'pathology') =>
      () =>
        classification.setup({ ...facts, groupNames }, { ...settings, label }, grid);
    expect(() => classification.setup(facts, settings, grid)).toThrow(
      /they have no labels of subjects\. Give data/,
    );
    expect(of({ acl: ['no', 'yes'], tear: ['no'] })).toThrow(
      /by label pathology; they have labels acl and tear/,
    );
    expect(of({ acl: ['no', 'yes'], tear: ['no'] }, 'tear')).toThrow(
      /all labelled subjects are in one group .*, no\./,
    );
    expect(of({ acl: ['no', 'yes'] }, 'acl')().heads[0]!.channels).toBe(2);
    expect(of({}, 'constructor')).toThrow(ConfigError);
  });

  it('two groups in training, and one weight a group', () => {
    const part = setup();
    expect(() => part.check([imageOf('a', 'DCM'), imageOf('b', 'DCM')])).toThrow(/all are in group DCM/);
    expect(() => part.check([imageOf('a', null), imageOf('b', 'ARV')])).toThrow(/none is in a group/);
    expect(() => part.check([imageOf('a', 'DCM'), imageOf('b', 'NOR')])).not.toThrow();
    expect(() => setup({ classWeights: [1, 2] })).toThrow(/classWeights are 2, but there are 3 classes/);
  });
});

describe('the loss of classification', () => {
  const groups = ['NOR', null, 'DCM', 'ARV', 'HCM', 'NOR'];
  const truth = [2, -1, 0, -1, 1, 2];

  function lossOf(part: Part, logits: Tensor): Tensor {
    const [head, field] = [part.heads[0]!, part.fields[0]!];
    const made = new BatchLayout({ examples: groups.length, views: 1, size: 8 }, part.fields).batch();
    for (const [row, group] of groups.entries()) {
      const choice = choiceOf({ sample: imageOf(`${row}`, group), size: 8 });
      part.fill(oneImage.pick(choice), made.row(row));
    }
    const count = groups.length;
    return part.loss(
      stepOf(
        new Map([[head, logits]]),
        new Map([[field, tensor(device(), [...made.values(field)], [count, 1], 'u32')]]),
        new Map([[field, tensor(device(), [...made.mask(field)], [count, 1])]]),
      ),
    );
  }

  const reference =
    (weights: readonly number[]) =>
    ({ data }: Host): Host => {
      let [sum, all] = [0, 0];
      for (const [n, k] of truth.entries()) {
        if (k < 0) continue;
        const row = [...data.subarray(3 * n, 3 * n + 3)];
        sum += weights[k]! * (Math.log(row.reduce((total, v) => total + Math.exp(v), 0)) - row[k]!);
        all += weights[k]!;
      }
      return { shape: [], data: Float64Array.of(sum / all) };
    };

  it('is the cross entropy of the images whose group is known; gradient too', async () => {
    const forward = (logits: Tensor) => lossOf(setup(), logits);
    await checkOp(device(), { inputs: [random([6, 3], 2)], forward, reference: reference([1, 1, 1]) });
  });

  it('is ln 3 at chance', async () => {
    expect(await lossOf(setup(), tensor(device(), new Float32Array(18), [6, 3])).item()).toBeCloseTo(
      Math.log(3),
      6,
    );
  });

  it('weighs groups as asked, or by how rare their studies are, not their images', async () => {
    const given = (logits: Tensor) => lossOf(setup({ classWeights: [1, 0.5, 3] }), logits);
    await checkOp(device(), {
      inputs: [random([6, 3], 3)],
      forward: given,
      reference: reference([1, 0.5, 3]),
    });
    const training = [
      ['a', 'DCM'],
      ['a', 'DCM'],
      ['b', 'NOR'],
      ['c', 'NOR'],
      ['d', 'HCM'],
      ['e', 'NOR'],
    ] as const;
    const balanced = (logits: Tensor) => {
      const part = setup({ classWeights: 'balanced' });
      part.check(training.map(([subject, group]) => imageOf(subject, group)));
      return lossOf(part, logits);
    };
    const weights = [5 / 3, 5 / 3, 5 / 9];
    await checkOp(device(), {
      inputs: [random([6, 3], 4)],
      forward: balanced,
      reference: reference(weights),
    });
  });

  it('is 0 where no group is known', async () => {
    const part = setup();
    const [head, field] = [part.heads[0]!, part.fields[0]!];
    const step = stepOf(
      new Map([[head, tensor(device(), [1, 2, 3], [1, 3])]]),
      new Map([[field, tensor(device(), [0], [1, 1], 'u32')]]),
      new Map([[field, tensor(device(), [0], [1, 1])]]),
    );
    expect(await part.loss(step).item()).toBe(0);
  });
});

describe('the judge of classification', () => {
  /** Logits that are logarithms of probabilities. */
  const logs = (...rows: readonly (readonly number[])[]) => Float32Array.from(rows.flat(), Math.log);

  it('says which label a slice answers, where the data have several', () => {
    const groupNames = { acl: ['no', 'yes'], tear: ['no', 'yes'] };
    const known = { targetView: 'sagittal', referenceViews: [], groupNames };
    const part = classification.setup(known, { ...settings, label: 'tear' }, grid);
    expect(part.tells).toBe('which group a subject is in by label tear: no and yes');
    const judge = part.judge([]);
    const image = sampleOf({ subject: 'a', group: (label) => (label === 'tear' ? 'no' : 'yes') });
    judge.add(outputsOf(part.heads[0]!, logs([0.2, 0.8])), [image], [0]);
    expect(judge.marks(0)).toEqual([{ kind: 'words', text: 'slice says tear: yes (0.80), is no' }]);
  });

  it('puts the slices of a study together, block by block, and scores studies', () => {
    const part = setup({}, ['DCM', 'NOR']);
    const training = ['NOR', 'NOR', 'DCM'].map((group, i) => imageOf(`t${i}`, group));
    const judge = part.judge([...training, imageOf('t0', 'NOR')]);
    const head = part.heads[0]!;
    // a: two slices that lean to NOR and one sure of DCM, whose mean of logarithms is for DCM
    const first = [imageOf('a', 'DCM'), imageOf('a', 'DCM'), imageOf('b', 'NOR')];
    judge.add(outputsOf(head, logs([0.4, 0.6], [0.4, 0.6], [0.2, 0.8])), first, [0, 0, 0]);
    expect(judge.marks(0)).toEqual([{ kind: 'words', text: 'slice says NOR (0.60), is DCM' }]);
    const second = [imageOf('a', 'DCM'), imageOf('c', 'NOR'), imageOf('d', null), imageOf('e', 'ARV')];
    judge.add(outputsOf(head, logs([0.9, 0.1], [0.7, 0.3], [0.5, 0.5], [0.5, 0.5])), second, [0, 0, 0, 0]);
    expect(judge.marks(2)).toEqual([{ kind: 'words', text: 'slice says DCM (0.50)' }]);
    const { results, summary, notes, scatters, tables } = judge.done();
    // odds of DCM: a (0.4·0.4·0.9 / 0.6·0.6·0.1)^(1/3) = 4^(1/3), b 0.25, c 7/3
    const a = 4 ** (1 / 3) / (1 + 4 ** (1 / 3));
    expect(results.map(({ key, value, trivial, count }) => [key, value, trivial, count])).toEqual([
      ['classification.auc', 0.5, 0.5, 3],
      ['classification.DCM.auc', 0.5, 0.5, 1],
      ['classification.NOR.auc', 0.5, 0.5, 2],
      ['classification.accuracy', 2 / 3, 2 / 3, 3],
      ['classification.calibrationError', expect.closeTo((1 - a + 0.2 + 0.7) / 3, 6), 0, 3],
    ]);
    expect(results[3]!.bySubject).toEqual(
      new Map([
        ['a', 1],
        ['b', 1],
        ['c', 0],
      ]),
    );
    expect(summary).toMatchObject({
      ...{ label: 'pathology', classes: ['DCM', 'NOR'], studies: 3, trainingStudies: [1, 2] },
      confusion: [
        [1, 0],
        [1, 1],
      ],
      auc: { macro: 0.5, standardError: null, interval: null, byClass: [0.5, 0.5] },
    });
    const { predictions } = summary as { predictions: { subject: string; probabilities: number[] }[] };
    expect(predictions.map(({ subject }) => subject)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(predictions[0]!.probabilities[0]).toBeCloseTo(a, 5);
    expect(tables![0]!.rows).toEqual([
      ['DCM', '1', '0'],
      ['NOR', '1', '1'],
    ]);
    expect(scatters[0]!.points).toHaveLength(3);
    const told = notes.join('\n');
    expect(told).toMatch(/label pathology does not say their group: 1\./);
    expect(told).toMatch(/does not know their group: ARV \(1\)\./);
    expect(told).toMatch(/one study alone trains: DCM\./);
    expect(told).toMatch(/The AUC has no interval/);
  });

  it('tells what it says of studies of which nothing is known, and nothing of none', () => {
    const part = setup();
    const judge = part.judge([]);
    judge.add(outputsOf(part.heads[0]!, logs([0.2, 0.7, 0.1])), [imageOf('a', null)], [0]);
    const { results, summary } = judge.done();
    expect(results).toEqual([]);
    expect(summary).toMatchObject({
      predictions: [{ subject: 'a', group: null, predicted: 'HCM', images: 1 }],
    });
    expect(part.judge([]).done()).toEqual({ results: [], summary: null, scatters: [], notes: [] });
  });
});

describe('classification in folds', () => {
  const classes = ['NOR', 'DCM'];
  /** A fold's part of evaluation.json; `said`: group and probability of DCM by subject. */
  const fold = (said: Record<string, readonly [string | null, number]>) => ({
    classes,
    predictions: Object.entries(said).map(([subject, [group, p]]) => ({
      ...{ subject, group, images: 1, predicted: p > 0.5 ? 'DCM' : 'NOR', probabilities: [1 - p, p] },
    })),
  });
  const named = (summaries: readonly object[], key: string) =>
    classification.pool!(summaries).results.find((one) => one.key === key)!;

  it('has figures of all studies in one list, where a fold tests one', () => {
    const folds = [
      ...[fold({ a: ['DCM', 0.9] }), fold({ b: ['NOR', 0.6] }), fold({ c: ['DCM', 0.4] })],
      ...[fold({ d: ['NOR', 0.2] }), fold({ e: [null, 0.99] })],
    ];
    // of the four pairs 0.9 > 0.6, 0.9 > 0.2 and 0.4 > 0.2 are in order
    const auc = named(folds, 'classification.pooled.auc');
    expect(auc).toMatchObject({ value: 0.75, trivial: 0.5, count: 4 });
    const values = [...auc.bySubject.values()];
    expect([...auc.bySubject.keys()]).toEqual(['a', 'b', 'c', 'd']);
    expect(values.reduce((sum, one) => sum + one, 0) / 4).toBeCloseTo(0.75, 12);
    // right: a (0.9) and d (0.8); wrong: b and c, as sure as 0.6
    const error = named(folds, 'classification.pooled.calibrationError').value!;
    expect(error).toBeCloseTo((0.1 + 0.2 + 0.6 + 0.6) / 4, 12);
    const { tables, notes } = classification.pool!(folds);
    expect(tables[0]!.rows).toEqual([
      ['NOR', '1', '1'],
      ['DCM', '1', '1'],
    ]);
    expect(notes.join()).toMatch(/studies of different networks, whose scales differ/);
  });

  it('names its figures before there is anything to order', () => {
    expect(named([fold({ a: ['DCM', 0.9] })], 'classification.pooled.auc')).toMatchObject({ value: null });
  });
});

describe('classification by a run', () => {
  /** The tiny data in two groups, of which one is bright at the left. */
  function grouped(): PreparedData {
    const data = tinyData();
    const { images, size } = data.manifest;
    const groups = Object.fromEntries(
      images.map(({ subject }) => [subject, Number(subject.at(-1)) % 2 ? 'odd' : 'even']),
    );
    const pixels = data.pixels.map((v, i) => {
      const { subject } = images[Math.floor(i / size ** 2)]!;
      return v / 4 + (groups[subject] === 'odd' && i % size < 4 ? 3 : 0);
    });
    return { ...data, pixels, manifest: { ...data.manifest, groups } };
  }

  it('is learnt, remembers its groups, and goes on to the same bytes', async () => {
    const data = grouped();
    const config = tinyConfig({
      ...{
        tasks: { classification: { hidden: 8, dropout: 0.1 } },
        epoch: 'all',
        steps: 40,
        learningRate: 1e-2,
      },
      ...{ validateEvery: 20, checkpointEvery: 20, validationFraction: 0.2, testFraction: 0.2, labelled: 5 },
    });
    const run = async (files: MemoryFiles, options: object = {}) =>
      train({ device: device(), data, config, files, ...options });
    const files = new MemoryFiles();
    const { split } = await run(files);
    expect(split.train).toHaveLength(5);
    const bytes = files.files.get(weightsFile)!;
    const { info } = describedBy(decodeWeights(bytes, 'w').metadata, 'w')!;
    expect(info.groupNames).toEqual({ pathology: ['even', 'odd'] });
    expect(info).not.toHaveProperty('groups');
    const { network, plan } = await loadTrained(device(), bytes, 'w');
    const everyone = {
      train: split.train,
      validation: [],
      test: data.manifest.images.map(({ subject }) => subject),
    };
    const { results, tables } = await evaluate(network, data, plan.tasks, everyone, { batch: 7 });
    // of data that do not know the groups
    const { groups: _, ...manifest } = data.manifest;
    const bare = await evaluate(network, { ...data, manifest }, plan.tasks, everyone, { batch: 7 });
    network.dispose();
    expect(results.slice(0, 1)).toMatchObject([
      { key: 'classification.auc', value: 1, trivial: 0.5, count: 10 },
    ]);
    expect(tables![0]!.rows).toEqual([
      ['even', '5', '0'],
      ['odd', '0', '5'],
    ]);
    expect(bare.results).toEqual([]);
    expect(bare.notes.join()).toMatch(/does not say their group: 10\./);
    const [stop, stopped] = [new AbortController(), new MemoryFiles()];
    const onProgress = (event: { kind: string }) => event.kind === 'checkpoint' && stop.abort();
    await run(stopped, { signal: stop.signal, onProgress });
    await run(stopped, { resume: true });
    expect(stopped.files.get(weightsFile)).toEqual(bytes);
    const changed = {
      ...data,
      manifest: { ...data.manifest, groups: { ...data.manifest.groups, subject0: 'odd' } },
    };
    await expect(run(stopped, { resume: true, data: changed })).rejects.toThrow(ConfigError);
  });
});
