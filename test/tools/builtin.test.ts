/** @file The command that makes the weights in the package, tried on few hearts and steps: `npm run build` before. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { type Made, sha256 } from '../../src/run/builtincard.node.ts';
import { readInit } from '../../src/run/init.node.ts';
import { weightsChecksum } from '../../src/train/init.ts';
import { beginning, cardPart } from '../../tools/builtin.mjs';
import { useFolder } from '../commands/terminal.ts';
import { run } from '../installed.ts';
import { slow } from '../slow.ts';

const at = useFolder();
const root = fileURLToPath(new URL('../..', import.meta.url));
const make = (subjects: number, steps: number) => {
  const folders = ['--out', at('run'), '--to', at('made', 'here')];
  const args = [...folders, '--subjects', String(subjects), '--steps', String(steps)];
  return run(process.execPath, [`${root}tools/builtin.mjs`, ...args], at());
};

it.runIf(slow)(
  'writes weights with their recipe and what their card says, and goes on with no run of other settings',
  async () => {
    const card = await readFile(`${root}docs/builtin-weights.md`, 'utf8');
    const { subjects, steps } = beginning;
    const { code, output } = await make(subjects, steps);
    expect(code, output).toBe(0);
    const file = at('made', 'here', 'weights.safetensors');
    const bytes = await readFile(file);
    const made: Made = JSON.parse(await readFile(at('made', 'here', 'made.json'), 'utf8'));
    expect(made).toMatchObject({ sha256: sha256(bytes), bytes: bytes.length, subjects, steps });
    const { weights, recipe } = await readInit(file);
    expect(recipe!.config).toMatchObject({ steps, phantom: { subjects } });
    // the whole of this run is what every run of the command makes first
    expect(made.beginning.checksum).toBe(weightsChecksum(weights.state));
    expect(cardPart(11_000, made)).toContain(`**A stand-in: ${steps} steps of 11000 on ${subjects} hearts`);
    expect(cardPart(steps, made)).not.toContain('stand-in');
    expect(await readFile(`${root}docs/builtin-weights.md`, 'utf8')).toBe(card);

    const other = await make(subjects, steps + 1);
    expect(other.code).toBe(1);
    expect(other.output).toMatch(/holds a run with another steps\. Delete it, or give another --out\./);
  },
  300_000,
);
