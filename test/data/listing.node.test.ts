/** @file Files of a listed folder: which of two copies counts, their first bytes, what stays open; and what is said where one cannot be had. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { listFiles } from '../../src/data/files/files.node.ts';
import { fileError, readBytes } from '../../src/data/files/read.node.ts';

let folder = '';
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'planewise-listing-')));
  return () => rmSync(folder, { recursive: true });
});

const latin = (text: string): Buffer => Buffer.from(`${folder}/${text}`, 'latin1');
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

it('of two names that read alike the one in UTF-8 is the plain one, and what is not UTF-8 comes last', async () => {
  // as bytes, the name that is not UTF-8 is the first of the two
  writeFileSync(latin('\xc1.dcm'), 'latin');
  writeFileSync(join(folder, '\xc1.dcm'), 'utf-8');
  writeFileSync(join(folder, 'z.dcm'), 'z');
  await mkdir(latin('A\xc1'));
  await mkdir(Buffer.concat([latin('A\xc1'), Buffer.from('/sub')]));
  writeFileSync(Buffer.concat([latin('A\xc1'), Buffer.from('/sub/1.dcm')]), 'inner');
  const files = await listFiles(folder);
  const found = await Promise.all(files.map(async (file) => [file.path, textOf(await file.read())]));
  expect(found).toEqual([
    ['z.dcm', 'z'],
    ['\xc1.dcm', 'utf-8'],
    ['A\xc1/sub/1.dcm', 'inner'],
    ['\xc1 (2).dcm', 'latin'],
  ]);
});

it('the start of a file is its first bytes and its size, and nothing stays open', async () => {
  writeFileSync(join(folder, '1.dcm'), 'a whole file');
  const [file] = await listFiles(folder);
  const start = async (length: number) => {
    const { bytes, size } = await file!.start!(length);
    return [textOf(bytes), size];
  };
  expect(await start(7)).toEqual(['a whole', 12]);
  expect(await start(100)).toEqual(['a whole file', 12]);
  expect(textOf(await file!.read())).toBe('a whole file');
  expect(textOf(await readBytes(join(folder, '1.dcm')))).toBe('a whole file');
  const open = readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      return [readlinkSync(`/proc/self/fd/${name}`)];
    } catch {
      return [];
    }
  });
  expect(open.filter((path) => path.startsWith(folder))).toEqual([]);
});

describe('what is said of', () => {
  it('a folder that is not there is that it does not exist', async () => {
    await expect(listFiles(join(folder, 'gone'))).rejects.toThrow(
      `${join(folder, 'gone')}: does not exist. Check the path.`,
    );
  });

  it('what is no file is what it is', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await expect(readBytes(join(folder, 'pipe'))).rejects.toThrow('is a FIFO, not a file. Give a file.');
    await expect(readBytes('/dev/zero')).rejects.toThrow('/dev/zero: is a device, not a file. Give a file.');
  });

  it.each([
    ['ENOSPC', /could not be written: the disk is full\. .*what was there before is unchanged/],
    ['EDQUOT', /could not be written: the quota is used up\. .*what was there before is unchanged/],
    ['EFBIG', /could not be written: .* largest file size .*ulimit -f.*what was there before is unchanged/],
    ['EROFS', /is on a read-only file system\. Choose another folder/],
    ['EMFILE', /too many files are open\. Raise the limit/],
    ['EIO', /the disk reports a fault\. Copy the folder to another disk/],
    ['EEXIST', /a file stands where its folder should\. Choose another folder/],
    ['EPERM', /may not be accessed\. Change its permissions/],
    ['ENOTDIR', /is not a folder, or lies under a file\. Give a folder/],
    ['EBADMSG', /the system’s words\. Check the file and the disk/],
  ])('%s names the file, and what to do', (code, said) => {
    const { message } = fileError('a.dcm', Object.assign(new Error('the system’s words'), { code }));
    expect(message).toMatch(/^a\.dcm: /);
    expect(message).toMatch(said);
  });

  it('a folder that cannot be made is not that its path is wrong, nor of a large file that it is damaged', () => {
    const made = Object.assign(new Error('no'), { code: 'ENOENT', syscall: 'mkdir' });
    expect(fileError('a', made).message).toBe(
      'a: cannot be made: nothing new can be made in the folder above it. Choose another folder.',
    );
    const large = new RangeError('Array buffer allocation failed');
    expect(fileError('a', large).message).toBe('a: does not fit into memory. Give a smaller file.');
    const coded = Object.assign(new RangeError('no'), { code: 'EIO' });
    expect(fileError('a', coded).message).toContain('the disk reports a fault');
  });
});
