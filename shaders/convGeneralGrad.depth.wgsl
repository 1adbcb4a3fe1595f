// Gradient of a depthwise convolution's weight, in strips of the small image's rows; every channel is a group of its
// own, channels in multiples of 4.
// The images are vec4s of four channels; products and sums are f32.
// @variant E4 = vec4<f16>
alias E4 = vec4<f32>;
override WORKGROUP: u32 = 64u;
override SLIDE: bool = true;
override TAPS: u32 = 3u;

// @include convGeneralGrad

@group(0) @binding(1) var<storage, read> large: array<E4>;
@group(0) @binding(2) var<storage, read> small: array<E4>;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4<f32>>;

alias Sum = vec4<f32>;

// Its four channels.
struct Place {
  four: u32,
}

fn placeOf(four: u32, part: u32) -> Place {
  return Place(four);
}

fn product(l: vec4<f32>, s: vec4<f32>) -> Sum {
  return l * s;
}

fn largeAt(place: Place, line: i32, column: i32) -> vec4<f32> {
  let inside = (column >= 0) & (column < params.largeWidth);
  let v = vec4<f32>(large[u32(line + select(0, column, inside)) * params.blocks + place.four]);
  return select(vec4<f32>(), v, inside);
}

fn smallAt(place: Place, pixel: u32) -> vec4<f32> {
  return vec4<f32>(small[pixel * params.blocks + place.four]);
}

fn put(place: Place, s: Sum, start: u32, tap: u32, there: bool) {
  if (there) { partial[start / 4u + tap * params.blocks + place.four] = s; }
}

// @include convGeneralGradBody
