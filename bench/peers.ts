/** @file Side by side with other engines: installs them, runs the same steps in turns, checks the losses, gives ratios. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Caps } from '../src/tensor/device.ts';
import type { ConfigName } from './network.ts';
import type { Settings } from './options.ts';
import { type Contestant, measureSteps, nodeEngine, type StepRow } from './steps.ts';

const folder = fileURLToPath(new URL('../../bench/peers', import.meta.url));

/** First losses of every engine must agree to this; later ones drift apart, as rounding differences grow. */
const TOLERANCE = 1e-3;
const COMPARED_LOSSES = 3;

function isInstalled(): boolean {
  const { dependencies } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as {
    dependencies: Record<string, string>;
  };
  return Object.entries(dependencies).every(([name, version]) => {
    const file = `${folder}/node_modules/${name}/package.json`;
    return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).version === version;
  });
}

/** Installs the exact versions that bench/peers/package-lock.json names. */
export function installPeers(): void {
  if (isInstalled()) return;
  const { status, stderr } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`npm could not install the peers in bench/peers:\n${stderr}`);
}

/** Largest relative difference of the first losses from planewise's. */
export function lossDifference(row: Pick<StepRow, 'losses'>, ours: Pick<StepRow, 'losses'>): number {
  const compared = ours.losses.slice(0, COMPARED_LOSSES);
  return Math.max(...compared.map((loss, i) => Math.abs(row.losses[i]! - loss) / Math.abs(loss)));
}

/** The engine, waited for as planewise waits: Dawn's own waiting takes a core from a software adapter. */
function rested(engine: Contestant): Contestant {
  return { ...engine, engine: `${engine.engine}, rested`, job: (job) => ({ ...job, rested: true }) };
}

/**
 * Steps of all engines in one configuration, in turns, the peers as they come; with `rest` jax-js a second time, rested.
 * TensorFlow.js takes minutes a step for M on SwiftShader and is left out there.
 * @throws Error where an engine's losses differ from planewise's: then it does not do the same work
 */
export async function comparePeers(
  config: ConfigName,
  { description, software }: Caps,
  { steps, rest }: Pick<Settings, 'steps' | 'rest'>,
) {
  const tooSlow = config !== 'S' && /swiftshader/i.test(description);
  const names = tooSlow ? (['planewise', 'jax-js'] as const) : (['planewise', 'jax-js', 'tfjs'] as const);
  const rows = await measureSteps({
    engines: [...names.map((name) => nodeEngine(name)), ...(rest ? [rested(nodeEngine('jax-js'))] : [])],
    config,
    software,
    steps,
    budgetMs: 15_000,
  });
  for (const row of rows) {
    const difference = lossDifference(row, rows[0]!);
    if (!(difference <= TOLERANCE))
      throw new Error(`${row.engine}'s losses ${row.losses} differ from planewise's ${rows[0]!.losses}.`);
  }
  return rows;
}
