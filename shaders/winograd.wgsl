// Transforms of the Winograd convolution F(4×4, 3×3): a tile of 6×6 input pixels gives 4×4 output pixels by 36
// products a channel pair instead of 144. Polynomial points 0, ±√½, ±√2, ∞, which err a fifth as much as the usual
// 0, ±1, ±2, ∞. An invocation transforms one tile (or one kernel) of one T of channels; a transformed image is
// [36][tile][channel], a transformed weight [36] times the weight's channels in their own order.
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
  // 0 or 1: kernel turned by 180 degrees
  turned: u32,
  hasBias: u32,
  relu: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> image: array<T>;
@group(0) @binding(2) var<storage, read_write> spread: array<T>;
@group(0) @binding(3) var<storage, read> products: array<T>;
@group(0) @binding(4) var<storage, read> bias: array<T>;
@group(0) @binding(5) var<storage, read_write> result: array<T>;

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

fn put(s: Six, at: u32, plane: u32) {
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

// Where a tile's pixels lie in the image.
struct Tile {
  first: u32,
  y: i32,
  x: i32,
  channel: u32,
}

fn locate(i: u32) -> Tile {
  let tile = i / params.channels;
  let line = tile / params.tilesX;
  let number = line / params.tilesY;
  let y = i32(line % params.tilesY) * 4 + params.originY;
  // Tiles that only fill up lie below every image.
  let row = select(y, i32(params.height), tile >= params.tiles);
  let x = i32(tile % params.tilesX) * 4 + params.originX;
  return Tile(number * params.height, row, x, i % params.channels);
}

// Conditions join by & on purpose: each && is a branch, and branches take SwiftShader long to compile.
fn fetch(t: Tile, dy: i32, dx: i32) -> T {
  let row = t.y + dy;
  let column = t.x + dx;
  let inside = (row >= 0) & (column >= 0) & (row < i32(params.height)) & (column < i32(params.width));
  let at = ((t.first + u32(max(row, 0))) * params.width + u32(max(column, 0))) * params.channels + t.channel;
  return select(T(), image[select(0u, at, inside)], inside);
}

fn inputRow(t: Tile, dy: i32) -> Six {
  let a = fetch(t, dy, 0);
  let b = fetch(t, dy, 1);
  let c = fetch(t, dy, 2);
  let d = fetch(t, dy, 3);
  let e = fetch(t, dy, 4);
  let f = fetch(t, dy, 5);
  return spreadInput(a, b, c, d, e, f);
}

// Tiles of the input of a convolution.
@compute @workgroup_size(WORKGROUP)
fn input(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  let plane = params.padded * params.channels;
  if (i >= plane) { return; }
  let t = locate(i);
  let a = inputRow(t, 0);
  let b = inputRow(t, 1);
  let c = inputRow(t, 2);
  let d = inputRow(t, 3);
  let e = inputRow(t, 4);
  let f = inputRow(t, 5);
  // Point (row, column) lies in plane 6·column + row.
  put(spreadInput(a.a, b.a, c.a, d.a, e.a, f.a), i, plane);
  put(spreadInput(a.b, b.b, c.b, d.b, e.b, f.b), i + 6u * plane, plane);
  put(spreadInput(a.c, b.c, c.c, d.c, e.c, f.c), i + 12u * plane, plane);
  put(spreadInput(a.d, b.d, c.d, d.d, e.d, f.d), i + 18u * plane, plane);
  put(spreadInput(a.e, b.e, c.e, d.e, e.e, f.e), i + 24u * plane, plane);
  put(spreadInput(a.f, b.f, c.f, d.f, e.f, f.f), i + 30u * plane, plane);
}

fn outputRow(t: Tile, dy: i32) -> Six {
  let a = fetch(t, dy, 0);
  let b = fetch(t, dy, 1);
  let c = fetch(t, dy, 2);
  let d = fetch(t, dy, 3);
  return spreadOutput(a, b, c, d);
}

// Tiles of the gradient of a convolution's output.
@compute @workgroup_size(WORKGROUP)
fn outputGrad(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  let plane = params.padded * params.channels;
  if (i >= plane) { return; }
  let t = locate(i);
  let a = outputRow(t, 0);
  let b = outputRow(t, 1);
  let c = outputRow(t, 2);
  let d = outputRow(t, 3);
  put(spreadOutput(a.a, b.a, c.a, d.a), i, plane);
  put(spreadOutput(a.b, b.b, c.b, d.b), i + 6u * plane, plane);
  put(spreadOutput(a.c, b.c, c.c, d.c), i + 12u * plane, plane);
  put(spreadOutput(a.d, b.d, c.d, d.d), i + 18u * plane, plane);
  put(spreadOutput(a.e, b.e, c.e, d.e), i + 24u * plane, plane);
  put(spreadOutput(a.f, b.f, c.f, d.f), i + 30u * plane, plane);
}

fn tap(i: u32, number: u32) -> T {
  return image[select(number, 8u - number, params.turned == 1u) * params.pairs + i];
}

fn weightRow(i: u32, first: u32) -> Six {
  return spreadWeight(tap(i, first), tap(i, first + 1u), tap(i, first + 2u));
}

@compute @workgroup_size(WORKGROUP)
fn weight(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  let plane = params.pairs;
  if (i >= plane) { return; }
  let a = weightRow(i, 0u);
  let b = weightRow(i, 3u);
  let c = weightRow(i, 6u);
  put(spreadWeight(a.a, b.a, c.a), i, plane);
  put(spreadWeight(a.b, b.b, c.b), i + 6u * plane, plane);
  put(spreadWeight(a.c, b.c, c.c), i + 12u * plane, plane);
  put(spreadWeight(a.d, b.d, c.d), i + 18u * plane, plane);
  put(spreadWeight(a.e, b.e, c.e), i + 24u * plane, plane);
  put(spreadWeight(a.f, b.f, c.f), i + 30u * plane, plane);
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
@compute @workgroup_size(WORKGROUP)
fn weightGrad(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  let plane = params.pairs;
  if (i >= plane) { return; }
  let a = gradColumn(i, plane);
  let b = gradColumn(i + 6u * plane, plane);
  let c = gradColumn(i + 12u * plane, plane);
  let d = gradColumn(i + 18u * plane, plane);
  let e = gradColumn(i + 24u * plane, plane);
  let f = gradColumn(i + 30u * plane, plane);
  storeTaps(gatherWeight(a.a, b.a, c.a, d.a, e.a, f.a), i);
  storeTaps(gatherWeight(a.b, b.b, c.b, d.b, e.b, f.b), i + 3u * plane);
  storeTaps(gatherWeight(a.c, b.c, c.c, d.c, e.c, f.c), i + 6u * plane);
}

fn outputColumn(at: u32, plane: u32) -> Four {
  return gatherOutput(
    products[at], products[at + plane], products[at + 2u * plane],
    products[at + 3u * plane], products[at + 4u * plane], products[at + 5u * plane],
  );
}

fn storePixel(v: T, t: Tile, dy: i32, dx: i32) {
  let row = u32(t.y + dy);
  let column = u32(t.x + dx);
  let at = ((t.first + row) * params.width + column) * params.channels + t.channel;
  if ((row < params.height) & (column < params.width)) {
    result[at] = select(v, max(v, T()), params.relu == 1u);
  }
}

fn storeRow(v: Four, start: T, t: Tile, dy: i32) {
  storePixel(v.a + start, t, dy, 0);
  storePixel(v.b + start, t, dy, 1);
  storePixel(v.c + start, t, dy, 2);
  storePixel(v.d + start, t, dy, 3);
}

// The output of a convolution from the 36 products.
@compute @workgroup_size(WORKGROUP)
fn output(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  let plane = params.padded * params.channels;
  if (i >= params.tiles * params.channels) { return; }
  let t = locate(i);
  var start = T();
  if (params.hasBias == 1u) { start = bias[t.channel]; }
  let a = outputColumn(i, plane);
  let b = outputColumn(i + 6u * plane, plane);
  let c = outputColumn(i + 12u * plane, plane);
  let d = outputColumn(i + 18u * plane, plane);
  let e = outputColumn(i + 24u * plane, plane);
  let f = outputColumn(i + 30u * plane, plane);
  storeRow(gatherOutput(a.a, b.a, c.a, d.a, e.a, f.a), start, t, 0);
  storeRow(gatherOutput(a.b, b.b, c.b, d.b, e.b, f.b), start, t, 1);
  storeRow(gatherOutput(a.c, b.c, c.c, d.c, e.c, f.c), start, t, 2);
  storeRow(gatherOutput(a.d, b.d, c.d, d.d, e.d, f.d), start, t, 3);
}
