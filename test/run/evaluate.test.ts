/** @file A trained run judged by its best weights, and what its report is told. */
import { describe, expect, it } from 'vitest';
import { FileError } from '../../src/base/errors.ts';
import { decodeWeights } from '../../src/models/weights.ts';
import { evaluateRun, markedImage, reportTasks } from '../../src/run/evaluate.ts';
import { planRun } from '../../src/run/plan.ts';
import { loadTrained, withPlannedErrors } from '../../src/run/trained.ts';
import { train } from '../../src/run/training.ts';
import { splitOf } from '../../src/train/dataset.ts';
import { evaluate, evaluationRecord } from '../../src/train/judge.ts';
import { MemoryFiles } from '../../src/train/runfiles.ts';
import { saveWeights, weightsFile } from '../../src/train/weightsfile.ts';
import { useDevice } from '../device.ts';
import { plainKernels, tinyConfig, tinyData } from '../train/tiny.ts';

const device = useDevice(plainKernels);
const data = tinyData();

async function trained(tasks: readonly ('orientation' | 'location')[]) {
  const config = tinyConfig({ tasks, steps: 1, testFraction: 0.2 });
  const files = new MemoryFiles();
  await train({ device: device(), data, config, files });
  return { config, files, split: splitOf(data, config, { tasks: [] }) };
}

describe('the evaluation of a run', () => {
  it('is that of its weights, by the tasks they were trained on', async () => {
    for (const tasks of [['location'], ['orientation'], ['location', 'orientation']] as const) {
      const { config, files, split } = await trained(tasks);
      const evaluation = await evaluateRun(device(), data, split, files, { batch: 4 });
      expect(evaluation).toMatchObject({ part: 'test', images: 8, subjects: 2 });
      expect(Object.keys(evaluationRecord(evaluation)).sort()).toEqual(
        ['part', 'images', 'subjects', ...tasks].sort(),
      );
      const { network, plan, info } = await loadTrained(device(), files.files.get(weightsFile)!, weightsFile);
      expect(Object.keys(info.tasks).sort()).toEqual([...tasks].sort());
      expect(info).toMatchObject({ steps: 1, size: 16, referenceViews: data.manifest.referenceViews });
      expect(plan.heads.map(({ path }) => path)).toEqual(
        planRun(config, data.manifest).heads.map(({ path }) => path),
      );
      const again = await evaluate(network, data, plan.tasks, split, { batch: 4 });
      network.dispose();
      expect(again.results).toEqual(evaluation.results);
      expect(again.summaries).toEqual(evaluation.summaries);
    }
  });

  it('is kept by the weights as far as planes go, which changes nothing else of them', async () => {
    const { files } = await trained(['orientation']);
    const before = files.files.get(weightsFile)!;
    const plannedErrors = { '2-chamber': { angleDeg: 2, distanceMm: 1 } };
    const [was, is] = [before, withPlannedErrors(before, 'w', plannedErrors)].map((b) =>
      decodeWeights(b, 'w'),
    );
    expect(is!.state).toEqual(was!.state);
    const told = JSON.stringify({ ...JSON.parse(was!.metadata.planewise!), plannedErrors });
    expect(is!.metadata).toEqual({ ...was!.metadata, planewise: told });
  });

  it('tells weights nothing of images that they were trained on', async () => {
    const { files, split } = await trained(['orientation']);
    const before = files.files.get(weightsFile)!;
    const own = { train: [...split.train, ...split.test], validation: [], test: [] };
    const { part, plannedErrors } = await evaluateRun(device(), data, own, files, { batch: 4 });
    expect([part, plannedErrors]).toEqual(['training', undefined]);
    expect(files.files.get(weightsFile)).toEqual(before);
  });

  it('needs weights, and says where they should be', async () => {
    const { train: subjects } = splitOf(data, tinyConfig(), { tasks: [] });
    const split = { train: subjects, validation: [], test: [] };
    const missing = evaluateRun(device(), data, split, new MemoryFiles(), { batch: 4 });
    await expect(missing).rejects.toThrow(FileError);
    await expect(missing).rejects.toThrow(new RegExp(`${weightsFile}.*Train the run to its end`));
  });

  it('tells reports what each task is called and teaches, and pictures all marks of an image', async () => {
    const { config, files, split } = await trained(['orientation', 'location']);
    expect(reportTasks(planRun(config, data.manifest))).toEqual([
      {
        name: 'orientation',
        lossTitle: expect.stringContaining('heatmaps'),
        tells: expect.stringContaining('2-chamber and 4-chamber'),
      },
      { name: 'location', lossTitle: expect.any(String), tells: expect.stringContaining('stack') },
    ]);
    const { shown } = await evaluateRun(device(), data, split, files, { batch: 4 });
    expect(shown).toHaveLength(6);
    for (const one of shown) {
      const { size, pixels, marks } = markedImage(one, 16);
      expect([size, pixels]).toEqual([16, one.sample.pixels()]);
      expect(marks).toEqual(one.findings.flatMap((finding) => finding.marks));
      expect(new Set(marks.map(({ kind }) => kind))).toContain('scale');
    }
  });
});

describe('weights of a run', () => {
  it('that say nothing of their network are refused, with what to do', async () => {
    const { files } = await trained(['location']);
    const plain = new MemoryFiles();
    const { network } = await loadTrained(device(), files.files.get(weightsFile)!, weightsFile);
    await saveWeights(plain, network, {});
    network.dispose();
    const loading = loadTrained(device(), plain.files.get(weightsFile)!, 'w');
    await expect(loading).rejects.toThrow(FileError);
    await expect(loading).rejects.toThrow(/w: does not say which network/);
  });
});
