// Transforms of the Winograd convolution F(4×4, 3×3): a tile of 6×6 input pixels gives 4×4 output pixels by 36
// products a channel pair instead of 144. Polynomial points 0, ±√½, ±√2, ∞, which err a fifth as much as the usual
// 0, ±1, ±2, ∞. An invocation transforms one tile (or one kernel) of one T of channels; a transformed image is
// [36][tile][channel], a transformed weight [36] times the weight's channels in their own order. Planes lie a cache
// line further apart than they are long, for a tile's 36 values would else share few sets of the cache.
//
// Lavin & Gray, "Fast algorithms for convolutional neural networks" (2016): y = Aᵀ((G g Gᵀ) ∘ (Bᵀ d B))A. The
// gradient of g is Gᵀ(Σ (Bᵀ d B) ∘ (A dy Aᵀ))G over the tiles.
override WORKGROUP: u32 = 16u;

alias T = vec4<f32>;

const LOW: f32 = 0.7071067811865476;
const HIGH: f32 = 1.4142135623730951;

struct Params {
  // untransformed image; channels of it in Ts
  height: u32,
  width: u32,
  channels: u32,
  // tiles of the batch, and with zero tiles that fill up a block of the product
  tilesX: u32,
  tilesY: u32,
  tiles: u32,
  padded: u32,
  // image pixel of the first tile's first row and column
  originY: i32,
  originX: i32,
  // channel pairs of the weight in Ts
  pairs: u32,
  // Ts from one point's plane to the next
  plane: u32,
  // 0 or 1: kernel turned by 180 degrees
  turned: u32,
  hasBias: u32,
  relu: u32,
  // pixels of the gradient of the output, and its channels in Ts
  pixels: u32,
  sums: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> image: array<T>;
@group(0) @binding(2) var<storage, read_write> spread: array<T>;
@group(0) @binding(3) var<storage, read> products: array<T>;
@group(0) @binding(4) var<storage, read> bias: array<T>;
@group(0) @binding(5) var<storage, read_write> result: array<T>;
@group(0) @binding(6) var<storage, read_write> biasGrad: array<T>;

struct Three { a: T, b: T, c: T }
struct Four { a: T, b: T, c: T, d: T }
struct Six { a: T, b: T, c: T, d: T, e: T, f: T }

// Bᵀ
fn spreadInput(a: T, b: T, c: T, d: T, e: T, f: T) -> Six {
  let p = e - 2.0 * c;
  let q = LOW * (d - 2.0 * b);
  let r = e - 0.5 * c;
  let s = HIGH * (d - 0.5 * b);
  return Six(a - 2.5 * c + e, p + q, p - q, r + s, r - s, b - 2.5 * d + f);
}

// G
fn spreadWeight(a: T, b: T, c: T) -> Six {
  let p = (-2.0 / 3.0) * (a + 0.5 * c);
  let q = (-2.0 / 3.0 * LOW) * b;
  let r = (1.0 / 6.0) * (a + 2.0 * c);
  let s = (1.0 / 6.0 * HIGH) * b;
  return Six(a, p + q, p - q, r + s, r - s, c);
}

// Gᵀ
fn gatherWeight(a: T, b: T, c: T, d: T, e: T, f: T) -> Three {
  let p = (-2.0 / 3.0) * (b + c);
  let q = (1.0 / 6.0) * (d + e);
  let odd = (-2.0 / 3.0 * LOW) * (b - c) + (1.0 / 6.0 * HIGH) * (d - e);
  return Three(a + p + q, odd, 0.5 * p + 2.0 * q + f);
}

// Aᵀ
fn gatherOutput(a: T, b: T, c: T, d: T, e: T, f: T) -> Four {
  let p = b + c;
  let q = LOW * (b - c);
  let r = d + e;
  let s = HIGH * (d - e);
  return Four(a + p + r, q + s, 0.5 * p + 2.0 * r, 0.5 * q + 2.0 * s + f);
}

// A
fn spreadOutput(a: T, b: T, c: T, d: T) -> Six {
  let p = a + 0.5 * c;
  let q = LOW * (b + 0.5 * d);
  let r = a + 2.0 * c;
  let s = HIGH * (b + 2.0 * d);
  return Six(a, p + q, p - q, r + s, r - s, d);
}

fn put(s: Six, at: u32) {
  let plane = params.plane;
  spread[at] = s.a;
  spread[at + plane] = s.b;
  spread[at + 2u * plane] = s.c;
  spread[at + 3u * plane] = s.d;
  spread[at + 4u * plane] = s.e;
  spread[at + 5u * plane] = s.f;
}

fn index(id: vec3<u32>) -> u32 {
  return id.x + id.y * 65535u * WORKGROUP;
}

// Where a tile lies: image number, first pixel and channel.
struct Tile {
  number: u32,
  y: i32,
  x: i32,
  channel: u32,
}

fn locate(i: u32) -> Tile {
  let tile = i / params.channels;
  let line = tile / params.tilesX;
  let number = line / params.tilesY;
  let y = i32(line - number * params.tilesY) * 4 + params.originY;
  let x = i32(tile - line * params.tilesX) * 4 + params.originX;
  // Tiles that only fill up lie below the last image.
  let filler = tile >= params.tiles;
  return Tile(select(number, 0u, filler), select(y, i32(params.height), filler), x, i - tile * params.channels);
}

// A row or column of pixels: its part of the index, which stays valid outside the image, and whether it is inside.
struct Line {
  at: u32,
  inside: bool,
}

// Conditions join by & on purpose: each && is a branch, dear on SwiftShader.
fn rowAt(t: Tile, dy: i32) -> Line {
  let row = t.y + dy;
  let last = i32(params.height) - 1;
  let at = t.number * params.height + u32(clamp(row, 0, last));
  return Line(at * params.width * params.channels + t.channel, (row >= 0) & (row <= last));
}

fn columnAt(t: Tile, dx: i32) -> Line {
  let column = t.x + dx;
  let last = i32(params.width) - 1;
  return Line(u32(clamp(column, 0, last)) * params.channels, (column >= 0) & (column <= last));
}

fn fetch(row: Line, column: Line) -> T {
  return select(T(), image[row.at + column.at], row.inside & column.inside);
}

struct Columns { a: Line, b: Line, c: Line, d: Line, e: Line, f: Line }
fn columnsAt(t: Tile) -> Columns {
  return Columns(
    columnAt(t, 0), columnAt(t, 1), columnAt(t, 2), columnAt(t, 3), columnAt(t, 4), columnAt(t, 5),
  );
}

fn inputRow(row: Line, x: Columns) -> Six {
  return spreadInput(
    fetch(row, x.a), fetch(row, x.b), fetch(row, x.c), fetch(row, x.d), fetch(row, x.e), fetch(row, x.f),
  );
}

// Tiles of the input of a convolution.
@compute @workgroup_size(WORKGROUP)
fn input(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.padded * params.channels) { return; }
  let plane = params.plane;
  let t = locate(i);
  let x = columnsAt(t);
  let a = inputRow(rowAt(t, 0), x);
  let b = inputRow(rowAt(t, 1), x);
  let c = inputRow(rowAt(t, 2), x);
  let d = inputRow(rowAt(t, 3), x);
  let e = inputRow(rowAt(t, 4), x);
  let f = inputRow(rowAt(t, 5), x);
  // Point (row, column) lies in plane 6·column + row.
  put(spreadInput(a.a, b.a, c.a, d.a, e.a, f.a), i);
  put(spreadInput(a.b, b.b, c.b, d.b, e.b, f.b), i + 6u * plane);
  put(spreadInput(a.c, b.c, c.c, d.c, e.c, f.c), i + 12u * plane);
  put(spreadInput(a.d, b.d, c.d, d.d, e.d, f.d), i + 18u * plane);
  put(spreadInput(a.e, b.e, c.e, d.e, e.e, f.e), i + 24u * plane);
  put(spreadInput(a.f, b.f, c.f, d.f, e.f, f.f), i + 30u * plane);
}

fn outputRow(row: Line, x: Columns) -> Six {
  return spreadOutput(fetch(row, x.a), fetch(row, x.b), fetch(row, x.c), fetch(row, x.d));
}

// Tiles of the gradient of a convolution's output.
@compute @workgroup_size(WORKGROUP)
fn outputGrad(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.padded * params.channels) { return; }
  let plane = params.plane;
  let t = locate(i);
  let x = columnsAt(t);
  let a = outputRow(rowAt(t, 0), x);
  let b = outputRow(rowAt(t, 1), x);
  let c = outputRow(rowAt(t, 2), x);
  let d = outputRow(rowAt(t, 3), x);
  put(spreadOutput(a.a, b.a, c.a, d.a), i);
  put(spreadOutput(a.b, b.b, c.b, d.b), i + 6u * plane);
  put(spreadOutput(a.c, b.c, c.c, d.c), i + 12u * plane);
  put(spreadOutput(a.d, b.d, c.d, d.d), i + 18u * plane);
  put(spreadOutput(a.e, b.e, c.e, d.e), i + 24u * plane);
  put(spreadOutput(a.f, b.f, c.f, d.f), i + 30u * plane);
}

fn tap(i: u32, number: u32) -> T {
  return image[select(number, 8u - number, params.turned == 1u) * params.pairs + i];
}

@compute @workgroup_size(WORKGROUP)
fn weight(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.pairs) { return; }
  let plane = params.plane;
  let a = spreadWeight(tap(i, 0u), tap(i, 1u), tap(i, 2u));
  let b = spreadWeight(tap(i, 3u), tap(i, 4u), tap(i, 5u));
  let c = spreadWeight(tap(i, 6u), tap(i, 7u), tap(i, 8u));
  put(spreadWeight(a.a, b.a, c.a), i);
  put(spreadWeight(a.b, b.b, c.b), i + 6u * plane);
  put(spreadWeight(a.c, b.c, c.c), i + 12u * plane);
  put(spreadWeight(a.d, b.d, c.d), i + 18u * plane);
  put(spreadWeight(a.e, b.e, c.e), i + 24u * plane);
  put(spreadWeight(a.f, b.f, c.f), i + 30u * plane);
}

fn gradColumn(at: u32, plane: u32) -> Three {
  return gatherWeight(
    products[at], products[at + plane], products[at + 2u * plane],
    products[at + 3u * plane], products[at + 4u * plane], products[at + 5u * plane],
  );
}

fn storeTaps(v: Three, at: u32) {
  result[at] = v.a;
  result[at + params.pairs] = v.b;
  result[at + 2u * params.pairs] = v.c;
}

// The gradient of the weight from the 36 sums.
fn gatherTaps(i: u32) {
  let plane = params.plane;
  let a = gradColumn(i, plane);
  let b = gradColumn(i + 6u * plane, plane);
  let c = gradColumn(i + 12u * plane, plane);
  let d = gradColumn(i + 18u * plane, plane);
  let e = gradColumn(i + 24u * plane, plane);
  let f = gradColumn(i + 30u * plane, plane);
  storeTaps(gatherWeight(a.a, b.a, c.a, d.a, e.a, f.a), i);
  storeTaps(gatherWeight(a.b, b.b, c.b, d.b, e.b, f.b), i + 3u * params.pairs);
  storeTaps(gatherWeight(a.c, b.c, c.c, d.c, e.c, f.c), i + 6u * params.pairs);
}

@compute @workgroup_size(WORKGROUP)
fn weightGrad(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.pairs) { return; }
  gatherTaps(i);
}

// The gradient of the bias: a channel's sum over the pixels, in blocks, for rounding grows with the longest chain.
fn sumPixels(channel: u32) {
  var sum = T();
  for (var begin = 0u; begin < params.pixels; begin += 128u) {
    var chain = T();
    for (var pixel = begin; pixel < min(begin + 128u, params.pixels); pixel++) {
      chain += image[pixel * params.sums + channel];
    }
    sum += chain;
  }
  biasGrad[channel] = sum;
}

// The few long sums come first.
@compute @workgroup_size(WORKGROUP)
fn weightAndBiasGrad(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i < params.sums) {
    sumPixels(i);
  } else if (i < params.sums + params.pairs) {
    gatherTaps(i - params.sums);
  }
}

fn outputColumn(at: u32, plane: u32) -> Four {
  return gatherOutput(
    products[at], products[at + plane], products[at + 2u * plane],
    products[at + 3u * plane], products[at + 4u * plane], products[at + 5u * plane],
  );
}

fn storePixel(v: T, row: Line, column: Line) {
  if (row.inside & column.inside) { result[row.at + column.at] = select(v, max(v, T()), params.relu == 1u); }
}

fn storeRow(v: Four, start: T, row: Line, x: Columns) {
  storePixel(v.a + start, row, x.a);
  storePixel(v.b + start, row, x.b);
  storePixel(v.c + start, row, x.c);
  storePixel(v.d + start, row, x.d);
}

// The output of a convolution from the 36 products.
@compute @workgroup_size(WORKGROUP)
fn output(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.tiles * params.channels) { return; }
  let plane = params.plane;
  let t = locate(i);
  let x = columnsAt(t);
  var start = T();
  if (params.hasBias == 1u) { start = bias[t.channel]; }
  let a = outputColumn(i, plane);
  let b = outputColumn(i + 6u * plane, plane);
  let c = outputColumn(i + 12u * plane, plane);
  let d = outputColumn(i + 18u * plane, plane);
  let e = outputColumn(i + 24u * plane, plane);
  let f = outputColumn(i + 30u * plane, plane);
  storeRow(gatherOutput(a.a, b.a, c.a, d.a, e.a, f.a), start, rowAt(t, 0), x);
  storeRow(gatherOutput(a.b, b.b, c.b, d.b, e.b, f.b), start, rowAt(t, 1), x);
  storeRow(gatherOutput(a.c, b.c, c.c, d.c, e.c, f.c), start, rowAt(t, 2), x);
  storeRow(gatherOutput(a.d, b.d, c.d, d.d, e.d, f.d), start, rowAt(t, 3), x);
}
