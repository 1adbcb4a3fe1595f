// Depthwise convolution with strides, paddings and dilations by axis, or its adjoint: every channel is a group of its
// own, channels in multiples of 4. An invocation computes 4 pixels of a row times 4 channels; where a tap reads what the
// last one read, one pixel on, the pixels slide through its registers (SLIDE).
// Images and weight are vec4s of four channels; products and sums are f32.
// @variant E4 = vec4<f16>
alias E4 = vec4<f32>;
override WORKGROUP: u32 = 64u;
override SLIDE: bool = true;

// @include convGeneral

@group(0) @binding(1) var<storage, read> x: array<E4>;
@group(0) @binding(2) var<storage, read> w: array<E4>;
@group(0) @binding(3) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> y: array<E4>;

// Its four channels.
struct Place {
  four: u32,
}

fn placeOf(four: u32) -> Place {
  return Place(four);
}

fn depth() -> u32 {
  return 1u;
}

// @include convGeneralFour

fn fetch(place: Place, pixel: i32, k: u32) -> vec4<f32> {
  let v = vec4<f32>(x[u32(max(pixel, 0)) * params.blocks + place.four]);
  return select(vec4<f32>(), v, pixel >= 0);
}

fn weightOf(place: Place, tap: u32, k: u32) -> vec4<f32> {
  return vec4<f32>(w[tap * params.blocks + place.four]);
}

// @include convGeneralBody
