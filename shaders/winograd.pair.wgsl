// Transforms of a 3×3 convolution of whole images of 2×2 pixels with padding 1, as 9 products a channel pair instead
// of the 16 that reach a pixel. Along each axis, with inputs d, weights w and outputs y,
//   y0 = w1 d0 + w2 d1 = w1 (d0 + d1) + (w2 - w1) d1,  y1 = w0 d0 + w1 d1 = w1 (d0 + d1) + (w0 - w1) d0.
// Layouts as in winograd4.spread.wgsl, with an image for a tile.
override WORKGROUP: u32 = 16u;

alias T = vec4<f32>;

struct Params {
  // in Ts
  channels: u32,
  // images, and with zero images that fill up a block of the product
  images: u32,
  padded: u32,
  // channel pairs of the weight in Ts
  pairs: u32,
  // Ts from one point's plane to the next
  plane: u32,
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

struct Two { a: T, b: T }
struct Three { a: T, b: T, c: T }

// @include linear

fn put(s: Three, at: u32) {
  spread[at] = s.a;
  spread[at + params.plane] = s.b;
  spread[at + 2u * params.plane] = s.c;
}

fn productRow(at: u32) -> Three {
  return Three(products[at], products[at + params.plane], products[at + 2u * params.plane]);
}

// The image's row of pixels, zero past the last image.
fn row(i: u32, number: u32) -> Two {
  let n = i / params.channels;
  let inside = n < params.images;
  let first = (select(0u, n, inside) * 4u + number * 2u) * params.channels + i % params.channels;
  return Two(select(T(), image[first], inside), select(T(), image[first + params.channels], inside));
}

fn spreadInput(a: T, b: T) -> Three {
  return Three(a, a + b, b);
}

@compute @workgroup_size(WORKGROUP)
fn input(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.padded * params.channels) { return; }
  let r = row(i, 0u);
  let s = row(i, 1u);
  put(spreadInput(r.a, r.b), i);
  put(spreadInput(r.a + s.a, r.b + s.b), i + 3u * params.plane);
  put(spreadInput(s.a, s.b), i + 6u * params.plane);
}

// The gradient of the output: every product's gradient is the sum of the outputs it reaches.
@compute @workgroup_size(WORKGROUP)
fn outputGrad(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.padded * params.channels) { return; }
  let r = row(i, 0u);
  let s = row(i, 1u);
  put(spreadInput(s.b, s.a), i);
  put(spreadInput(r.b + s.b, r.a + s.a), i + 3u * params.plane);
  put(spreadInput(r.b, r.a), i + 6u * params.plane);
}

fn spreadWeight(a: T, b: T, c: T) -> Three {
  return Three(a - b, b, c - b);
}

fn tap(i: u32, number: u32) -> T {
  return image[select(number, 8u - number, params.turned == 1u) * params.pairs + i];
}

fn weightRow(i: u32, first: u32) -> Three {
  return spreadWeight(tap(i, first), tap(i, first + 1u), tap(i, first + 2u));
}

@compute @workgroup_size(WORKGROUP)
fn weight(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.pairs) { return; }
  let r = weightRow(i, 0u);
  let s = weightRow(i, 3u);
  let t = weightRow(i, 6u);
  put(Three(r.a - s.a, r.b - s.b, r.c - s.c), i);
  put(s, i + 3u * params.plane);
  put(Three(t.a - s.a, t.b - s.b, t.c - s.c), i + 6u * params.plane);
}

fn gatherWeight(a: T, b: T, c: T) -> T {
  return b - a - c;
}

fn storeTaps(s: Three, at: u32) {
  result[at] = s.a;
  result[at + params.pairs] = gatherWeight(s.a, s.b, s.c);
  result[at + 2u * params.pairs] = s.c;
}

// The gradient of the weight from the 9 sums.
@compute @workgroup_size(WORKGROUP)
fn weightGrad(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.pairs) { return; }
  let r = productRow(i);
  let s = productRow(i + 3u * params.plane);
  let t = productRow(i + 6u * params.plane);
  storeTaps(r, i);
  storeTaps(
    Three(gatherWeight(r.a, s.a, t.a), gatherWeight(r.b, s.b, t.b), gatherWeight(r.c, s.c, t.c)),
    i + 3u * params.pairs,
  );
  storeTaps(t, i + 6u * params.pairs);
}

fn storePixel(v: T, at: u32) {
  result[at] = select(v, select(v, T(), v < T()), params.relu == 1u);
}

// The output of a convolution from the 9 products.
@compute @workgroup_size(WORKGROUP)
fn output(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.images * params.channels) { return; }
  let channel = i % params.channels;
  var start = T();
  if (params.hasBias == 1u) { start = bias[channel]; }
  let r = productRow(i);
  let s = productRow(i + 3u * params.plane);
  let t = productRow(i + 6u * params.plane);
  let first = i / params.channels * 4u * params.channels + channel;
  storePixel(s.b + t.b + s.c + t.c + start, first);
  storePixel(s.b + t.b + s.a + t.a + start, first + params.channels);
  storePixel(s.b + r.b + s.c + r.c + start, first + 2u * params.channels);
  storePixel(s.b + r.b + s.a + r.a + start, first + 3u * params.channels);
}
