// Bias field, contrast and gamma of images, a workgroup each: an invocation owns every WORKGROUP-th value from the first
// pass to the last, so passes need not wait for each other but for what is told of the whole image.
override WORKGROUP: u32 = 64u;

struct Params {
  batch: u32,
  height: u32,
  width: u32,
  channels: u32,
}

const SETTINGS = 7u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
// By image: five coefficients of the bias field, contrast, gamma.
@group(0) @binding(2) var<storage, read> settings: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

// @include special

// Of an image's values: their sum, the least and the most of them. NaN shows in the sum.
var<workgroup> parts: array<vec3<f32>, WORKGROUP>;

fn joined(a: vec3<f32>, b: vec3<f32>) -> vec3<f32> {
  return vec3<f32>(a.x + b.x, min(a.y, b.y), max(a.z, b.z));
}

fn nothing() -> vec3<f32> {
  return vec3<f32>(0.0, infinity(), -infinity());
}

fn single(v: f32) -> vec3<f32> {
  return vec3<f32>(v, v, v);
}

// What all invocations have, in a fixed order.
fn whole(local: u32, own: vec3<f32>) -> vec3<f32> {
  parts[local] = own;
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half >>= 1u) {
    if (local < half) { parts[local] = joined(parts[local], parts[local + half]); }
    workgroupBarrier();
  }
  let result = parts[0];
  // before the next sum begins
  workgroupBarrier();
  return result;
}

// The bias field's logarithm: products of cosines up to the second order, u and v from 0 to 1 across the image.
fn field(at: u32, i: u32) -> f32 {
  let pixel = i / params.channels;
  let u = (f32(pixel % params.width) + 0.5) / f32(params.width);
  let v = (f32(pixel / params.width) + 0.5) / f32(params.height);
  let waves = sine4(3.14159265 * vec4<f32>(u, v, 2.0 * u, 2.0 * v), 1u);
  return settings[at] * waves.x + settings[at + 1u] * waves.y + settings[at + 2u] * waves.x * waves.y
    + settings[at + 3u] * waves.z + settings[at + 4u] * waves.w;
}

fn biased(start: u32, each: u32, local: u32, at: u32) {
  var own = nothing();
  for (var i = local; i < each; i += WORKGROUP) { own = joined(own, single(x[start + i])); }
  let darkest = whole(local, own).y;
  for (var i = local; i < each; i += WORKGROUP) {
    let v = x[start + i];
    y[start + i] = darkest + (v - darkest) * exp(field(at, i));
  }
}

fn contrasted(start: u32, each: u32, local: u32, contrast: f32) {
  var own = nothing();
  for (var i = local; i < each; i += WORKGROUP) { own = joined(own, single(y[start + i])); }
  let all = whole(local, own);
  let mean = all.x / f32(each);
  for (var i = local; i < each; i += WORKGROUP) {
    let v = (y[start + i] - mean) * contrast + mean;
    // not clamp, which may take NaN for a number
    y[start + i] = select(select(v, all.y, v < all.y), all.z, v > all.z);
  }
}

// Of what stands in y: mean, and root of the mean squared distance from it.
fn momentsOf(start: u32, each: u32, local: u32, sum: f32) -> vec2<f32> {
  let mean = sum / f32(each);
  var own = nothing();
  for (var i = local; i < each; i += WORKGROUP) {
    let d = y[start + i] - mean;
    own = joined(own, single(d * d));
  }
  return vec2<f32>(mean, sqrt(whole(local, own).x / f32(each)));
}

fn powered(start: u32, each: u32, local: u32, gamma: f32) {
  var own = nothing();
  for (var i = local; i < each; i += WORKGROUP) { own = joined(own, single(y[start + i])); }
  let before = whole(local, own);
  let range = before.z - before.y;
  let kept = momentsOf(start, each, local, before.x);
  own = nothing();
  for (var i = local; i < each; i += WORKGROUP) {
    let share = (y[start + i] - before.y) / (range + 1e-7);
    let v = power4(vec4(share), vec4(gamma)).x * range + before.y;
    y[start + i] = v;
    own = joined(own, single(v));
  }
  let found = momentsOf(start, each, local, whole(local, own).x);
  for (var i = local; i < each; i += WORKGROUP) {
    y[start + i] = (y[start + i] - found.x) / (found.y + 1e-8) * kept.y + kept.x;
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let image = id.x + id.y * 65535u;
  if (image >= params.batch) { return; }
  let each = params.height * params.width * params.channels;
  let start = image * each;
  let at = image * SETTINGS;
  var curved = false;
  for (var k = 0u; k < 5u; k++) { curved = curved || settings[at + k] != 0.0; }
  for (var i = local; i < each; i += WORKGROUP) { y[start + i] = x[start + i]; }
  if (curved) { biased(start, each, local, at); }
  let contrast = settings[at + 5u];
  if (contrast != 1.0) { contrasted(start, each, local, contrast); }
  let gamma = settings[at + 6u];
  if (gamma != 1.0) { powered(start, each, local, gamma); }
}
