/** @file Steps per second of one training in the page and in Node, on the same adapter, taking turns. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { openDevice } from '../src/tensor/device.node.ts';
import { trainConfigOf } from '../src/train/config.ts';
import { train } from '../src/train/loop.ts';
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
const ROUNDS = 3;
/** Small steps: what the page does beside them weighs more. */
const BATCH = 4;

const { form: usual, grid, heartsImageSize: imageSize } = pagePresets.small!;
const hearts = { subjects: 12, difficulty: 'mid', phases: 1, imageSize, seed: 1 } as const;

/** Steps and seconds from the first news of a warm step until everything is validated and kept. */
interface Measured {
  readonly steps: number;
  readonly seconds: number;
}

async function measureNode(form: TrainingForm): Promise<Measured> {
  const device = await openDevice({ adapter: 'swiftshader' });
  const folder = await mkdtemp(join(tmpdir(), 'planewise-bench-'));
  try {
    const config = trainConfigOf(configOf(form, grid));
    const data = await prepareHearts(hearts, grid);
    let warm: { step: number; ms: number } | undefined;
    await train({
      device,
      data,
      config,
      files: new DiskFiles(folder),
      onProgress(event) {
        if (event.kind !== 'steps' || event.metrics.step < WARM_STEPS) return;
        warm ??= { step: event.metrics.step, ms: performance.now() };
      },
    });
    return { steps: form.steps - warm!.step, seconds: (performance.now() - warm!.ms) / 1000 };
  } finally {
    device.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Watches the numbers on the page change, from inside it: asking from outside would take time from the training. */
function watchTraining(page: Page, warmStep: number): Promise<Measured> {
  return page.evaluate(
    (least) =>
      new Promise<{ steps: number; seconds: number }>((resolve, reject) => {
        const panel = document.getElementById('panel-train')!;
        const shown = () => panel.querySelector('.tiles dd')!.textContent!.replaceAll(',', '').split(' of ');
        let [step, began, running] = [0, 0, false];
        const observer = new MutationObserver(() => {
          const [done, all] = shown().map(Number);
          const state = panel.querySelector('[role=status].strong')!.textContent!;
          running ||= state === 'Training';
          if (!running) return;
          if (began === 0 && done! >= least) [step, began] = [done!, performance.now()];
          if (state === 'Training' || state.startsWith('Starting')) return;
          observer.disconnect();
          if (state === 'Finished')
            resolve({ steps: all! - step, seconds: (performance.now() - began) / 1000 });
          else reject(new Error(state));
        });
        observer.observe(panel, { subtree: true, childList: true, characterData: true });
      }),
    warmStep,
  );
}

async function measureHere(page: Page, form: TrainingForm): Promise<Measured> {
  const watched = watchTraining(page, WARM_STEPS);
  await startTraining(page, form);
  return watched;
}

/** Trains the same hearts with the same settings in headless Chromium and in Node, on SwiftShader. */
export async function measurePage(steps: number): Promise<PageRow[]> {
  const form: TrainingForm = { ...usual, batch: BATCH, steps: WARM_STEPS + steps };
  const site = await openSite();
  try {
    const page = await site.open();
    page.setDefaultTimeout(600_000);
    await makeHearts(page, hearts.subjects, hearts.phases);
    const rounds: Record<PageRow['where'], number[]> = { page: [], Node: [] };
    for (let round = 1; round <= ROUNDS; round++) {
      const [inPage, inNode] = [await measureHere(page, form), await measureNode(form)];
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
