/** @file Steps per second of one training in the page and in Node, on the same adapter, taking turns. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { trainConfigOf } from '../src/run/config.ts';
import { train } from '../src/run/training.ts';
import { openDevice } from '../src/tensor/device.node.ts';
import { DiskFiles } from '../src/train/runfiles.node.ts';
import { makeHearts, openSite, startTraining } from '../test/web/page.ts';
import type { TrainingForm } from '../web/protocol.ts';
import { configOf, pagePresets } from '../web/work/forms.ts';
import { prepareHearts } from '../web/work/hearts.ts';
import { median } from './timing.ts';

export interface PageRow {
  readonly where: 'page' | 'Node';
  /** Median over the rounds. */
  readonly stepsPerSecond: number;
  readonly rounds: readonly number[];
}

/** Counted from here: until then shaders compile and the pace is found. */
const WARM_STEPS = 8;
const ROUNDS = 5;
/** Small steps: what the page does beside them weighs more. */
const BATCH = 4;

const { form: usual, grid, heartsImageSize: imageSize } = pagePresets.small!;
const hearts = { subjects: 12, difficulty: 'mid', phases: 1, imageSize, seed: 1 } as const;

/** Steps and seconds between the news of two steps, in the midst of a training of the usual length. */
interface Measured {
  readonly steps: number;
  readonly seconds: number;
}

async function measureNode(form: TrainingForm, last: number): Promise<Measured> {
  const device = await openDevice({ adapter: 'swiftshader' });
  const folder = await mkdtemp(join(tmpdir(), 'planewise-bench-'));
  const enough = new AbortController();
  const seen: { step: number; ms: number }[] = [];
  try {
    const config = trainConfigOf(configOf(form, grid));
    await train({
      device,
      data: await prepareHearts(hearts, grid),
      config,
      files: new DiskFiles(folder),
      signal: enough.signal,
      onProgress(event) {
        if (event.kind !== 'steps' || event.metrics.step < WARM_STEPS) return;
        seen.push({ step: event.metrics.step, ms: performance.now() });
        if (event.metrics.step >= last) enough.abort();
      },
    });
    const [first, end] = [seen[0]!, seen.at(-1)!];
    return { steps: end.step - first.step, seconds: (end.ms - first.ms) / 1000 };
  } finally {
    device.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Watches the numbers on the page change, from inside it: asking from outside would take time from the training. */
function watchTraining(page: Page, last: number): Promise<Measured> {
  return page.evaluate(
    ([least, most]) =>
      new Promise<{ steps: number; seconds: number }>((resolve) => {
        const panel = document.getElementById('panel-train')!;
        let [from, began] = [0, 0];
        const observer = new MutationObserver(() => {
          const step = Number.parseInt(panel.querySelector('.tiles dd')!.textContent!, 10) || 0;
          const now = performance.now();
          // not an earlier run's number, which stands there until the first step
          if (panel.querySelector('[role=status].strong')!.textContent !== 'Training') return;
          if (began === 0 && step >= least! && step < most!) [from, began] = [step, now];
          if (began === 0 || step < most!) return;
          observer.disconnect();
          resolve({ steps: step - from, seconds: (now - began) / 1000 });
        });
        observer.observe(panel, { subtree: true, childList: true, characterData: true });
      }),
    [WARM_STEPS, last],
  );
}

async function measureHere(page: Page, form: TrainingForm, last: number): Promise<Measured> {
  const watched = watchTraining(page, last);
  await startTraining(page, { ...form, set: form.set ?? {} });
  const measured = await watched;
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await page.getByText('Finished', { exact: true }).waitFor();
  return measured;
}

/** Trains the same hearts with the same settings in headless Chromium and in Node, on SwiftShader. */
export async function measurePage(steps: number): Promise<PageRow[]> {
  const form: TrainingForm = { ...usual, batch: BATCH };
  const last = WARM_STEPS + steps;
  const site = await openSite();
  try {
    const page = await site.open();
    page.setDefaultTimeout(600_000);
    await makeHearts(page, hearts.subjects, hearts.phases);
    const rounds: Record<PageRow['where'], number[]> = { page: [], Node: [] };
    for (let round = 1; round <= ROUNDS; round++) {
      const [inPage, inNode] = [await measureHere(page, form, last), await measureNode(form, last)];
      rounds.page.push(inPage.steps / inPage.seconds);
      rounds.Node.push(inNode.steps / inNode.seconds);
    }
    return (['page', 'Node'] as const).map((where) => ({
      where,
      stepsPerSecond: median(rounds[where]),
      rounds: rounds[where],
    }));
  } finally {
    await site.close();
  }
}
