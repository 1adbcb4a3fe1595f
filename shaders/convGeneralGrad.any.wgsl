// Gradient of a convolution's weight with groups of any size, in strips of the small image's rows: an invocation sums
// 4 channels of the small image, which may belong to several groups, each times one channel of the large image; with
// ONE_GROUP that is the same one.
// The images are E; products and sums are f32.
// @variant E = f16
alias E = f32;
override WORKGROUP: u32 = 64u;
override SLIDE: bool = true;
override TAPS: u32 = 3u;
override ONE_GROUP: bool = false;

// @include convGeneralGrad

@group(0) @binding(1) var<storage, read> large: array<E>;
@group(0) @binding(2) var<storage, read> small: array<E>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;

alias Sum = vec4<f32>;

// Its four channels of the small image (past the last, the last), each one's channel of the large image, and which of
// its group's that is.
struct Place {
  first: u32,
  channel: vec4<u32>,
  input: vec4<u32>,
  part: u32,
}

fn placeOf(four: u32, part: u32) -> Place {
  let first = four * 4u;
  let channel = min(vec4<u32>(first) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.groups * params.b - 1u));
  return Place(first, channel, channel / params.b * params.a + part, part);
}

fn product(l: vec4<f32>, s: vec4<f32>) -> Sum {
  return l * s;
}

fn largeAt(place: Place, line: i32, column: i32) -> vec4<f32> {
  let inside = (column >= 0) & (column < params.largeWidth);
  let i = place.input + u32(line + select(0, column, inside)) * params.groups * params.a;
  var v = vec4<f32>(f32(large[i.x]));
  if (!ONE_GROUP) { v = vec4<f32>(v.x, f32(large[i.y]), f32(large[i.z]), f32(large[i.w])); }
  return select(vec4<f32>(), v, inside);
}

fn smallAt(place: Place, pixel: u32) -> vec4<f32> {
  let i = place.channel + pixel * params.groups * params.b;
  return vec4<f32>(f32(small[i.x]), f32(small[i.y]), f32(small[i.z]), f32(small[i.w]));
}

fn put(place: Place, s: Sum, start: u32, tap: u32, there: bool) {
  let channels = params.groups * params.b;
  let at = start + (tap * params.a + place.part) * channels + place.first;
  for (var i = 0u; i < 4u; i++) {
    if (there && place.first + i < channels) { partial[at + i] = s[i]; }
  }
}

// @include convGeneralGradBody
