/** @file Ctrl-C where there is nothing to save: the process ends at once, and says how to go on. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { expect, it, vi } from 'vitest';
import { addExperiment } from '../../src/commands/experiment.ts';
import { interruptible } from '../../src/commands/interrupt.ts';
import { addTraining } from '../../src/commands/training.ts';
import { pretraining } from '../../src/run/job.ts';
import { tiny } from '../run/experiment/tiny.ts';
import { terminal, useFolder } from './terminal.ts';

const at = useFolder();

/** What is said until the process would have ended, by a SIGINT once there is something at `path`. */
async function saidAt(path: string, begin: () => Promise<unknown>): Promise<string> {
  let said = '';
  const exit = vi.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Error(`exit ${code}`);
  });
  const watch = setInterval(() => {
    if (!existsSync(path) || said) return;
    const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      said += text;
      return true;
    });
    expect(() => process.emit('SIGINT')).toThrow('exit 130');
    write.mockRestore();
  }, 1);
  // the mocked end lets it go on
  await begin();
  clearInterval(watch);
  exit.mockRestore();
  return said;
}

it('is told of in the words of who began', async () => {
  await mkdir(at(), { recursive: true });
  const wait = () =>
    interruptible(
      () => false,
      () => new Promise((done) => setTimeout(done, 50)),
      () => 'So it goes on.',
    );
  expect(await saidAt(at(), wait)).toBe('\nSo it goes on.\n');
});

it('while data are made says how a training, and an experiment, go on', async () => {
  await writeFile(at('e.json'), JSON.stringify({ ...tiny, seeds: [1], labelled: [1] }));
  const experiment = () =>
    terminal(
      (program) => addExperiment(program, null),
      'experiment',
      at('e.json'),
      '--out',
      at('e'),
      '--only',
      'scratch',
    );
  expect(await saidAt(at('e', 'data'), experiment)).toBe('\nStopped. The same command goes on.\n');
  await writeFile(at('t.json'), JSON.stringify(tiny.initialisations.pretrained.pretraining));
  const about = { about: '', example: '' };
  const train = () =>
    terminal(
      (program) => addTraining(program, pretraining, about, null),
      ...['pretrain', '--config', at('t.json'), '--adapter', 'swiftshader', '--out', at('t')],
    );
  expect(await saidAt(at('t', 'cohort'), train)).toBe(
    '\nStopped before training. The same command begins again.\n',
  );
}, 100_000);
