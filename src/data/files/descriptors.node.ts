/** @file Reads open files by their descriptors. */
import * as fs from 'node:fs';
import { promisify } from 'node:util';

/** One read call of Node stops at 2 GiB. */
export const partBytes = 2 ** 30;

/** Calls on plain descriptors: for thousands of small files the handles of fs/promises cost as much as the reading. */
export const descriptors = {
  open: promisify(fs.open),
  stat: promisify(fs.fstat),
  read: promisify(fs.read),
  close: promisify(fs.close),
};

/** Bytes `at` … `at + length` of an open file, fewer where it ends before. */
export async function readRange(descriptor: number, at: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let have = 0; have < length; ) {
    const most = Math.min(partBytes, length - have);
    const { bytesRead } = await descriptors.read(descriptor, bytes, have, most, at + have);
    if (bytesRead === 0) return bytes.subarray(0, have);
    have += bytesRead;
  }
  return bytes;
}
