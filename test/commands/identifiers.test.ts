/** @file What commands leave names nobody: every byte of it is searched for whom the images are of. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addPrepare } from '../../src/commands/prepare.ts';
import { addPretrain } from '../../src/commands/pretrain.ts';
import { encodeDicom, phantomSubject } from '../../src/data/phantom.ts';
import { slow } from '../slow.ts';
import { leaks, textOf } from './leaks.ts';
import { terminal, useFolder, write } from './terminal.ts';

const at = useFolder();
const former = process.env.PLANEWISE_KEY;

/** A phantom made out to be somebody: names of the same length in its tags, and a folder that says who it is. */
function somebody(index: number) {
  const subject = phantomSubject(1, index, { size: 32, phases: 1 });
  return encodeDicom(subject).map(({ path, bytes }) => {
    const named = textOf(bytes)
      .replaceAll(subject.id, `SECRETID0${index}`)
      .replaceAll('PHANTOM^', 'MUSTERM^');
    const file = Buffer.from(named, 'latin1');
    return {
      path: `Mustermann<img>/${path.replace(subject.id, `born-1960-${index}`)}`,
      read: async () => file,
    };
  });
}

const secrets = ['SECRETID', 'MUSTERM', 'Mustermann', 'born-1960', 'planewise-secret', 'IM-00'];

const images = () => at('planewise-secret');
const tiny = [
  ...['--adapter', 'swiftshader', '--size', '32', '--spacing', '8', '--batch', '4', '--steps', '2'],
  ...[
    '--width',
    '4',
    '--set',
    'model.depth=2',
    '--schedule',
    'constant',
    '--set',
    'testFraction=0.25',
    '--set',
    'validateEvery=2',
  ],
];
const pretrain = (...args: string[]) =>
  terminal((program) => addPretrain(program, null), 'pretrain', ...tiny, ...args);

beforeAll(async () => {
  process.env.PLANEWISE_KEY = at('key.jsonl');
  await write(images(), [0, 1, 2, 3].flatMap(somebody));
});
afterAll(() => {
  process.env.PLANEWISE_KEY = former;
});

describe('identifiers', () => {
  it('are pseudonyms in a store and on the standard output; the key alone has names', async () => {
    const printed = await terminal(addPrepare, 'prepare', images(), '--out', at('store'), '--json');
    expect(await leaks(at('store'), secrets)).toEqual([]);
    expect(
      secrets.filter((secret) => printed.stdout.includes(secret) && secret !== 'planewise-secret'),
    ).toEqual([]);
    expect(await readFile(at('key.jsonl'), 'utf8')).toMatch(
      /^\{"about":"This is the key.*\n(.*\n)*.*SECRETID01/,
    );
  });

  it('are the same in a run on the folder, which names nobody but in local.json, and goes on', async () => {
    const { stdout } = await pretrain('--data', images(), '--out', at('run'));
    expect(stdout).toContain('Report:');
    expect(await leaks(at('run'), secrets, ['local.json'])).toEqual([]);
    expect(await readFile(at('run', 'local.json'), 'utf8')).toContain(images());
    const [store, own] = await Promise.all(
      [at('store', 'manifest.json'), at('run', 'prepared', 'manifest.json')].map(
        async (path) => JSON.parse(await readFile(path, 'utf8')) as { order: string[]; key: string },
      ),
    );
    expect([own!.order, own!.key]).toEqual([store!.order, store!.key]);
    await pretrain('--resume', '--out', at('run'), '--steps', '3');
    expect(await leaks(at('run'), secrets, ['local.json'])).toEqual([]);
  }, 120_000);

  it.runIf(slow)(
    'change no weight: those of a run that keeps names are the same',
    async () => {
      await pretrain('--data', images(), '--out', at('kept'), '--identifiers', 'keep');
      // what a run has said of itself is a configuration, wherever its paths are
      await pretrain('--config', at('run', 'config.json'), '--steps', '2', '--out', at('again'));
      const weights = (folder: string) => readFile(at(folder, 'weights.safetensors'));
      expect(await weights('kept')).toEqual(await weights('again'));
      const report = await readFile(at('kept', 'report.html'), 'utf8');
      expect(report).toContain('SECRETID');
      expect(report).not.toContain('<img>');
      expect(report).toContain('this report may name people');
    },
    120_000,
  );
});
