/** @file A newcomer's path: the package installed in an empty folder by npm, and its commands as typed there. */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from './installed.ts';
import { slow } from './slow.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
let folder: string;

async function typed(line: string): Promise<string> {
  const { code, output } = await run('bash', ['-c', line], folder);
  expect(code, `${line}\n${output}`).toBe(0);
  return output;
}

/** The commands of the README's block that prepares a folder. */
async function readmeLines(): Promise<string[]> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const [, block] = /^## Your own data$[\s\S]*?```sh\n([\s\S]*?)```/m.exec(readme) ?? [];
  return block!.split('\n').filter((line) => line.startsWith('npx planewise'));
}

describe.runIf(slow)('a newcomer', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'planewise-newcomer-'));
    const packed = await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], root);
    expect(packed.code, packed.output).toBe(0);
    await writeFile(join(folder, 'package.json'), '{"private":true}');
    await typed('npm install --ignore-scripts --no-audit --no-fund --prefer-offline ./planewise-*.tgz');
  }, 300_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('installs it, and is told what it can do', async () => {
    const help = await typed('npx planewise --help');
    for (const command of ['phantom', 'prepare', 'pretrain', 'predict', 'web'])
      expect(help).toMatch(new RegExp(`^ +${command}\\b`, 'm'));
  });

  it('types the README’s lines on a folder of studies', async () => {
    await typed('npx planewise phantom --layout dicom --subjects 6 --phases 1 --out study');
    const [labels, prepare, pretrain, ...others] = await readmeLines();
    expect(others).toEqual([]);
    expect(await typed(labels!)).toMatch(/short-axis/);
    await typed(prepare!);
    // of a thousand steps the first
    expect(await typed(`${pretrain} --steps 3 --batch 4`)).toContain('runs/first/report.html');
    expect((await stat(join(folder, 'runs/first/report.html'))).size).toBeGreaterThan(10_000);
  }, 300_000);

  it('goes on from these weights to masks, and measures them', async () => {
    await typed('npx planewise phantom --layout acdc --subjects 6 --phases 1 --seed 2 --out labelled');
    const data = '--data labelled/acdc';
    await typed(
      `npx planewise finetune ${data} --init runs/first --labelled 2 --steps 3 --batch 4 --out runs/heart`,
    );
    await typed(`npx planewise predict --weights runs/heart ${data} --out masks/`);
    expect((await readdir(join(folder, 'masks'))).filter((name) => name.endsWith('.nii.gz'))).toHaveLength(6);
    expect(await typed(`npx planewise evaluate --predictions masks/ ${data}`)).toMatch(/Dice/);
    expect(await typed('npx planewise compare runs/first runs/heart')).toContain('compare.html');
  }, 300_000);

  it('opens the page that came with it', async () => {
    const server = spawn('npx', ['planewise', 'web', '--port', '0'], { cwd: folder, detached: true });
    try {
      const url = await new Promise<string>((resolve, reject) => {
        let said = '';
        server.stdout.setEncoding('utf8').on('data', (text: string) => {
          said += text;
          const [found] = /http:\/\/\S+/.exec(said) ?? [];
          if (found) resolve(found.replace(/[,.]$/, ''));
        });
        server.on('exit', () => reject(new Error(said)));
      });
      const page = await fetch(url);
      expect(page.status).toBe(200);
      expect(await page.text()).toContain('<title>planewise');
    } finally {
      process.kill(-server.pid!);
    }
  }, 60_000);
});
