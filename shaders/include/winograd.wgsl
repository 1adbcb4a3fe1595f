// @variant T = f32, ROLLED = true
override WORKGROUP: u32 = 16u;

alias T = vec4<f32>;

// Whether all tiles are read and written in loops over their rows or columns, as some are anyway. Mesa's software driver
// takes 10 ms to compile each load and store in the code, and unrolls a loop whose turns it can count: these count by
// what is uniform or lies in a tile. Where SwiftShader's code is slower in a loop than without, it does without.
const ROLLED: bool = false;

// x is the input of the convolution, y its output; tiles are of y. See src/kernels/conv/winogradTiles.ts.
struct Params {
  // channels are in Ts
  xHeight: u32,
  xWidth: u32,
  xChannels: u32,
  yHeight: u32,
  yWidth: u32,
  yChannels: u32,
  padding: i32,
  tilesX: u32,
  tilesY: u32,
  // tiles of the batch, and with zero tiles that fill up a block of the product
  tiles: u32,
  padded: u32,
  // channel pairs of the weight in Ts
  pairs: u32,
  // Ts from one point's plane to the next
  xPlane: u32,
  yPlane: u32,
  pairPlane: u32,
  // blocks of x: how many down and across, and the tile whose block comes first
  blocksY: u32,
  blocksX: u32,
  firstBlock: i32,
  // invocations of the jobs: one each for a tile and T of channels (or a T of pairs), 0 for a job left out
  xJobs: u32,
  yJobs: u32,
  pairJobs: u32,
  biasJobs: u32,
  // Invocations, which share the jobs by turns. SwiftShader executes both sides of every branch, and a loop's body at
  // least once, with its stores masked: of jobs side by side each would cost as much as all, of jobs by turns little more
  // than itself.
  stride: u32,
  // pixels of y
  pixels: u32,
  // 0 or 1
  hasBias: u32,
  relu: u32,
  masked: u32,
}

@group(0) @binding(0) var<uniform> params: Params;

// A row or column of pixels or tiles: its part of the index, which stays valid outside, and whether it is inside.
struct Line {
  at: u32,
  inside: bool,
}

// `stride` Ts from one of `count` lines to the next.
fn lineAt(i: i32, count: u32, stride: u32) -> Line {
  let last = i32(count) - 1;
  // Conditions join by & on purpose: each && is a branch, dear on SwiftShader.
  return Line(u32(clamp(i, 0, last)) * stride, (i >= 0) & (i <= last));
}

// Where a tile lies: image number, row and column among the tiles, and channel.
struct Tile {
  number: u32,
  y: i32,
  x: i32,
  channel: u32,
}

// The tile of invocation i among `down` times `across` an image; those that only fill up lie far below.
fn locate(i: u32, channels: u32, down: u32, across: u32, filler: bool) -> Tile {
  let tile = i / channels;
  let line = tile / across;
  let number = line / down;
  let y = i32(line - number * down);
  return Tile(select(number, 0u, filler), select(y, 1 << 20u, filler), i32(tile - line * across), i - tile * channels);
}
