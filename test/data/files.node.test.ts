/** @file Real folders: links, loops, special files, permissions, odd names and archives; all is listed or told of. */
import { execFileSync } from 'node:child_process';
import {
  chmod,
  link,
  mkdir,
  mkdtemp,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileError } from '../../src/base/errors.ts';
import { listFiles, readBytes } from '../../src/data/files/files.node.ts';
import { zipOf } from './zip-writer.ts';

let folder = '';
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'planewise-files-')));
});
// Node's own rm gives up where a path is longer than the system allows.
afterEach(() => execFileSync('rm', ['-rf', folder]));

const at = (path: string): string => join(folder, path);

/** Files that hold their own path. */
async function make(...paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(at(path), path);
  }
}

/** Path and content, or path and what its FileError says. */
async function contents(of: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const source of await listFiles(of)) {
    expect(found).not.toHaveProperty([source.path]);
    found[source.path] = await source.read().then(
      (bytes) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes),
      (error) => {
        expect(error).toBeInstanceOf(FileError);
        return error.message;
      },
    );
  }
  return found;
}

describe('links', () => {
  test('to files and folders are followed, inside the folder and out of it, and so is the folder itself', async () => {
    await make('out/P2/1.dcm', 'out/3.dcm', 'in/P1/1.dcm');
    await symlink('../out/P2', at('in/P2'));
    await symlink(at('out/3.dcm'), at('in/3.dcm'));
    await symlink('in', at('study'));
    const expected = { '3.dcm': 'out/3.dcm', 'P1/1.dcm': 'in/P1/1.dcm', 'P2/1.dcm': 'out/P2/1.dcm' };
    for (const name of ['in', 'in/', 'study', 'study/'])
      expect(await contents(at(name)), name).toEqual(expected);
  });

  test('to a folder that is listed anyway are told of, whichever comes first', async () => {
    await make('in/m/1.dcm', 'out/2.dcm', 'out/sub/3.dcm');
    for (const name of ['a', 'z']) await symlink('m', at(`in/${name}`));
    for (const name of ['b', 'y']) await symlink('../out', at(`in/${name}`));
    await symlink('../out/sub', at('in/a_sub'));
    const once = (path: string, as: string) =>
      `${path}: leads to ${as}, which is listed already. It is read once; the link can be removed.`;
    expect(await contents(at('in'))).toEqual({
      'm/1.dcm': 'in/m/1.dcm',
      a: once('a', 'm'),
      z: once('z', 'm'),
      'a_sub/3.dcm': 'out/sub/3.dcm',
      'b/2.dcm': 'out/2.dcm',
      'b/sub': once('b/sub', 'a_sub'),
      y: once('y', 'b'),
    });
  });

  test('that lead to a folder around them are not followed, at any depth', async () => {
    await make('in/a/b/1.dcm');
    await symlink('..', at('in/a/b/up'));
    await symlink('../..', at('in/a/b/root'));
    await symlink('../../..', at('in/a/b/out'));
    await symlink('/', at('in/disk'));
    await mkdir(at('x'));
    await symlink('../x', at('in/x'));
    await symlink('../in/a', at('x/back'));
    const above =
      'leads to a folder that holds the one being read. It was not followed: give that folder to read all of it.';
    expect(await contents(at('in'))).toEqual({
      'a/b/1.dcm': 'in/a/b/1.dcm',
      'a/b/up': 'a/b/up: leads to a, which is listed already. It is read once; the link can be removed.',
      'a/b/root': 'a/b/root: leads to the folder being read. It is read once; the link can be removed.',
      'a/b/out': `a/b/out: ${above}`,
      disk: `disk: ${above}`,
      'x/back': 'x/back: leads to a, which is listed already. It is read once; the link can be removed.',
    });
  });

  test('that lead nowhere, or to each other, are told of and hide nothing else', async () => {
    await make('1.dcm', 'file');
    await symlink('gone/2.dcm', at('2.dcm'));
    await symlink('self', at('self'));
    await symlink('pong', at('ping'));
    await symlink('ping', at('pong'));
    await symlink('file/3.dcm', at('under'));
    const loop = 'is a link that leads back to itself. Remove the link.';
    expect(await contents(folder)).toEqual({
      '1.dcm': '1.dcm',
      '2.dcm':
        '2.dcm: is a link to gone/2.dcm, which does not exist. Bring back what it leads to, or remove the link.',
      file: 'file',
      ping: `ping: ${loop}`,
      pong: `pong: ${loop}`,
      self: `self: ${loop}`,
      under: 'under: is a link to file/3.dcm, which lies under a file. Remove the link.',
    });
  });
});

describe('what is no file', () => {
  const not = (path: string, what: string) =>
    `${path}: is ${what}, not a file. It was not read. Remove it from the folder.`;

  test('is told of and never opened: FIFOs, sockets, devices, and links to them', async () => {
    await make('1.dcm');
    execFileSync('mkfifo', [at('pipe.dcm')]);
    await symlink('pipe.dcm', at('link.dcm'));
    await symlink('/dev/zero', at('zero.dcm'));
    const server = createServer();
    await new Promise<void>((ready) => server.listen(at('socket'), ready));
    expect(await contents(folder)).toEqual({
      '1.dcm': '1.dcm',
      'pipe.dcm': not('pipe.dcm', 'a FIFO'),
      'link.dcm': not('link.dcm', 'a FIFO'),
      'zero.dcm': not('zero.dcm', 'a device'),
      socket: not('socket', 'a socket'),
    });
    await new Promise((closed) => server.close(closed));
  });

  test('is not waited for where it took the place of a file since', async () => {
    await make('1.dcm', '2.dcm');
    await writeFile(at('3.zip'), zipOf([{ name: 'a', content: 'a' }]));
    const [one, two, three] = await listFiles(folder);
    for (const name of ['1.dcm', '2.dcm', '3.zip']) await rm(at(name));
    execFileSync('mkfifo', [at('1.dcm'), at('3.zip')]);
    await mkdir(at('2.dcm'));
    await expect(one!.read()).rejects.toThrow(not('1.dcm', 'a FIFO'));
    await expect(two!.read()).rejects.toThrow(not('2.dcm', 'a folder'));
    await expect(three!.read()).rejects.toThrow(not('3.zip', 'a FIFO'));
  });

  test('cannot be given as the folder', async () => {
    execFileSync('mkfifo', [at('pipe'), at('pipe.zip')]);
    for (const name of ['pipe', 'pipe.zip'])
      await expect(listFiles(at(name)), name).rejects.toThrow(
        new FileError(at(name), 'is not a folder', 'Give a folder, or a zip archive (.zip).'),
      );
  });
});

describe('what may not be read', () => {
  /** Root may read everything; another user may not. */
  async function asOther<T>(run: () => Promise<T>): Promise<T> {
    if (process.geteuid!() !== 0) return run();
    await chmod(folder, 0o755);
    process.seteuid!(65534);
    try {
      return await run();
    } finally {
      process.seteuid!(0);
    }
  }

  test('is told of, files and folders alike, and the rest is read', async () => {
    await make('P1/1.dcm', 'P1/2.dcm', 'P2/3.dcm', 'P3/4.dcm', 'a.zip');
    await symlink('P2/3.dcm', at('5.dcm'));
    await chmod(at('P1/2.dcm'), 0);
    await chmod(at('a.zip'), 0);
    await chmod(at('P2'), 0);
    // listed, but nothing in it can be reached
    await chmod(at('P3'), 0o444);
    const no = (path: string) => `${path}: may not be accessed. Change its permissions.`;
    expect(await asOther(() => contents(folder))).toEqual({
      'P1/1.dcm': 'P1/1.dcm',
      'P1/2.dcm': no('P1/2.dcm'),
      P2: no('P2'),
      'P3/4.dcm': no('P3/4.dcm'),
      '5.dcm': no('5.dcm'),
      'a.zip': no('a.zip'),
    });
    for (const name of ['P2', 'P3']) await chmod(at(name), 0o755);
  });

  test('is an error where it is the folder itself', async () => {
    await mkdir(at('no'), { mode: 0 });
    await expect(asOther(() => listFiles(at('no')))).rejects.toThrow(
      new FileError(at('no'), 'may not be accessed', 'Change its permissions.'),
    );
  });
});

describe('names', () => {
  test('that are not UTF-8 are read, and none takes the path of another', async () => {
    const latin = (text: string) => Buffer.from(`${folder}/${text}`, 'latin1');
    for (const name of ['Müller', 'Meier', 'M\x80ller']) await mkdir(latin(name));
    for (const path of ['Müller/1.dcm', 'Meier/Größe.dcm', 'M\x80ller/1.dcm'])
      await writeFile(latin(path), `latin ${path}`);
    await make('Müller/1.dcm', 'Müller (2)/1.dcm');
    await symlink(Buffer.from('M\xfcller/1.dcm', 'latin1'), at('link.dcm'));
    await symlink(Buffer.from('F\xfcr', 'latin1'), at('gone.dcm'));
    expect(await contents(folder)).toEqual({
      'Meier/Größe.dcm': 'latin Meier/Größe.dcm',
      'M\x80ller/1.dcm': 'latin M\x80ller/1.dcm',
      'Müller/1.dcm': 'Müller/1.dcm',
      'Müller (2)/1.dcm': 'Müller (2)/1.dcm',
      'Müller (3)/1.dcm': 'latin Müller/1.dcm',
      'link.dcm': 'latin Müller/1.dcm',
      'gone.dcm':
        'gone.dcm: is a link to Für, which does not exist. Bring back what it leads to, or remove the link.',
    });
  });

  test('are kept as the disk has them: composed or not, with spaces, line breaks and backslashes', async () => {
    const names = [
      'M\u00fcller.dcm',
      'Mu\u0308ller.dcm',
      ' a ',
      'two\nlines.dcm',
      'a\\b.dcm',
      '😀.dcm',
      '\uFEFF',
    ];
    await make(...names);
    expect(await contents(folder)).toEqual(Object.fromEntries(names.map((name) => [name, name])));
  });

  test('that the shell gave in other bytes are an error that says what to give', async () => {
    await expect(listFiles(at('M\uFFFDller'))).rejects.toThrow(
      /does not exist under this name, which is not UTF-8\. Give the folder that holds it\./,
    );
  });

  test('are sorted by code units, whatever order the disk has', async () => {
    await make('b', 'a/b', 'a-', 'a/B', 'ä', 'Z', 'a10', 'a2');
    const paths = (await listFiles(folder)).map(({ path }) => path);
    expect(paths).toEqual(['Z', 'a-', 'a/B', 'a/b', 'a10', 'a2', 'b', 'ä']);
  });

  test('that macOS keeps beside files for their attributes are left out, and no others', async () => {
    await make(
      ...['P1/1.dcm', 'P1/._1.dcm', '__MACOSX/P1/._1.dcm', 'P2/2.dcm', 'P2/__MACOSX/._2.dcm'],
      ...['P1/._alone.dcm', '__MACOSX/P1/1.dcm', 'P1/.hidden.dcm', '4.dcm', '._4.dcm', 'P2/._5/5.dcm'],
    );
    expect((await listFiles(folder)).map(({ path }) => path)).toEqual([
      '4.dcm',
      'P1/._alone.dcm',
      'P1/.hidden.dcm',
      'P1/1.dcm',
      'P2/._5/5.dcm',
      'P2/2.dcm',
      '__MACOSX/P1/1.dcm',
    ]);
  });
});

test('a path longer than the system allows is told of', async () => {
  await make('1.dcm');
  const deep = `for i in $(seq 50); do mkdir ${'d'.repeat(100)} && cd ${'d'.repeat(100)}; done; touch 2.dcm`;
  execFileSync('bash', ['-c', deep], { cwd: folder });
  const found = Object.entries(await contents(folder));
  expect(found).toHaveLength(2);
  expect(found[0]).toEqual(['1.dcm', '1.dcm']);
  expect(found[1]![1]).toMatch(/d: has a path longer than the system allows\. Move the folder nearer/);
});

test('an empty folder has no files, and folders in it neither', async () => {
  await mkdir(at('a/b'), { recursive: true });
  expect(await listFiles(folder)).toEqual([]);
});

test('a file that is gone since it was listed says so, and one that grew is read whole', async () => {
  await make('1.dcm', '2.dcm', 'P/3.dcm');
  const [one, two, three] = await listFiles(folder);
  await rm(at('1.dcm'));
  await writeFile(at('2.dcm'), 'x'.repeat(100_000));
  await rename(at('P'), at('Q'));
  for (const [source, path] of [
    [one, '1.dcm'],
    [three, 'P/3.dcm'],
  ] as const)
    await expect(source!.read()).rejects.toThrow(
      `${path}: was there when its folder was listed, and is no longer. Put it back, or start again.`,
    );
  expect(await two!.read()).toHaveLength(100_000);
});

test('a file with two names is read under both', async () => {
  await make('1.dcm');
  await link(at('1.dcm'), at('2.dcm'));
  expect(await contents(folder)).toEqual({ '1.dcm': '1.dcm', '2.dcm': '1.dcm' });
});

describe('zip archives', () => {
  const bytes = zipOf([
    { name: 'P1/1.dcm', content: 'one' },
    { name: 'P1/bad.dcm', content: 'bad', claims: { crc: 1 } },
    { name: '__MACOSX/P1/._1.dcm', content: 'attributes' },
    { name: 'inner.zip', content: zipOf([{ name: '2.dcm', content: 'two' }]) },
  ]);
  const broken = 'is damaged: it does not match its checksum. Copy or export the archive again.';

  test('in a folder are folders of it, through links as well', async () => {
    await make('study.dcm', 'zip', 'fake.zip', 'folder.zip/3.dcm');
    await writeFile(at('study.ZIP'), bytes);
    await symlink('study.ZIP', at('zz.zip'));
    const within = (path: string) => ({
      [`${path}/P1/1.dcm`]: 'one',
      [`${path}/P1/bad.dcm`]: `${path}/P1/bad.dcm: ${broken}`,
      [`${path}/inner.zip/2.dcm`]: 'two',
    });
    expect(await contents(folder)).toEqual({
      'study.dcm': 'study.dcm',
      zip: 'zip',
      'folder.zip/3.dcm': 'folder.zip/3.dcm',
      'fake.zip':
        'fake.zip: is no zip archive, though its name says so. Export it again, or give it its right name.',
      ...within('study.ZIP'),
      ...within('zz.zip'),
    });
  });

  test('given as the folder are listed from their root', async () => {
    await writeFile(at('study.zip'), bytes);
    await symlink('study.zip', at('link.zip'));
    for (const name of ['study.zip', 'link.zip'])
      expect(await contents(at(name))).toEqual({
        'P1/1.dcm': 'one',
        'P1/bad.dcm': `P1/bad.dcm: ${broken}`,
        'inner.zip/2.dcm': 'two',
      });
  });

  test('given as the folder and cut short are an error', async () => {
    await writeFile(at('study.zip'), bytes.slice(0, -50));
    await expect(listFiles(at('study.zip'))).rejects.toThrow(
      new FileError(
        at('study.zip'),
        'is cut short: the directory at its end is missing',
        'Copy or export the archive again.',
      ),
    );
  });

  test('that are gone since they were listed are named by their files', async () => {
    await writeFile(at('study.zip'), bytes);
    const [one] = await listFiles(folder);
    await rm(at('study.zip'));
    await expect(one!.read()).rejects.toThrow(/^study\.zip: was there when its folder was listed/);
  });
});

test('readBytes says what is wrong with a path, and reads what has no size of its own', async () => {
  await expect(readBytes(at('gone'))).rejects.toThrow(/gone: does not exist\. Check the path\./);
  await expect(readBytes(folder)).rejects.toThrow(/: is a folder, not a file\. Give a file\./);
  expect(await readBytes('/proc/version')).toEqual(new Uint8Array(await readFile('/proc/version')));
});
