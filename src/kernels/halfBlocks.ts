/** @file Floats as halves in blocks (src/base/halfblocks.ts), on the device: what ranks send one another. */
import { blocksOf } from '../base/halfblocks.ts';
import type { Device } from '../tensor/device.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { launch, linearGrid } from './launch/queue.ts';
import * as shaders from './shaders.gen.ts';

/** What a launch over all blocks of x takes. */
function settings({ caps }: Device, elements: number) {
  const blocks = blocksOf(elements);
  const specialization = { overrides: { WORKGROUP: caps.workgroup } };
  return [{ elements, blocks }, linearGrid(blocks, 1), specialization] as const;
}

/** Writes x (f32) into blocks (u32), of `blockBytes` as many as it takes. */
export function packHalves(x: Tensor, halves: Tensor): void {
  launch(x.device, shaders.halfBlocks, 'pack', { x, halves }, ...settings(x.device, x.size));
}

/** Writes into y (f32) what blocks (u32) of as many elements hold. */
export function unpackHalves(words: Tensor, y: Tensor): void {
  launch(y.device, shaders.halfBlocks, 'unpack', { words, y }, ...settings(y.device, y.size));
}
