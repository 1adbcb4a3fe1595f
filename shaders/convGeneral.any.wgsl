// Convolution with groups of any size and strides, paddings and dilations by axis, or its adjoint (TRANSPOSED). An
// invocation computes 4 pixels of a row times 4 channels, which may belong to several groups; with ONE_GROUP they do
// not, and read the same input channel.
// Images and weight are E; products and sums are f32.
// @variant E = f16
alias E = f32;
override WORKGROUP: u32 = 64u;
override SLIDE: bool = true;
override TRANSPOSED: bool = false;
override ONE_GROUP: bool = false;

// @include convGeneral

@group(0) @binding(1) var<storage, read> x: array<E>;
@group(0) @binding(2) var<storage, read> w: array<E>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<E>;

// Its four channels (past the last, the last), the first of those that each reads, and each one's first weight.
struct Place {
  first: u32,
  channel: vec4<u32>,
  input: vec4<u32>,
  weight: vec4<u32>,
}

fn placeOf(four: u32) -> Place {
  let first = four * 4u;
  let channel = min(vec4<u32>(first) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.groups * params.m - 1u));
  let group = channel / params.m;
  let input = group * params.k;
  if (TRANSPOSED) {
    return Place(first, channel, input, (channel - group * params.m) * (params.groups * params.k) + input);
  }
  return Place(first, channel, input, channel);
}

fn depth() -> u32 {
  return params.k;
}

fn biasOf(place: Place) -> vec4<f32> {
  let c = place.channel;
  return vec4<f32>(bias[c.x], bias[c.y], bias[c.z], bias[c.w]);
}

fn fetch(place: Place, pixel: i32, k: u32) -> vec4<f32> {
  let at = u32(max(pixel, 0)) * params.groups * params.k + k;
  let i = place.input + at;
  var v = vec4<f32>(f32(x[i.x]));
  if (!ONE_GROUP) { v = vec4<f32>(v.x, f32(x[i.y]), f32(x[i.z]), f32(x[i.w])); }
  return select(vec4<f32>(), v, pixel >= 0);
}

fn weightOf(place: Place, tap: u32, k: u32) -> vec4<f32> {
  let step = select(params.groups * params.m, 1u, TRANSPOSED);
  let i = place.weight + tap * params.k * params.m * params.groups + k * step;
  return vec4<f32>(f32(w[i.x]), f32(w[i.y]), f32(w[i.z]), f32(w[i.w]));
}

fn store(place: Place, v: vec4<f32>, line: u32, ox: i32) {
  if (ox >= params.outWidth) { return; }
  let channels = params.groups * params.m;
  let at = (line + u32(ox)) * channels + place.first;
  for (var i = 0u; i < 4u; i++) {
    if (place.first + i < channels) { y[at + i] = E(v[i]); }
  }
}

// @include convGeneralBody
