// Grouped convolution with strides, paddings and dilations by axis, or its adjoint (TRANSPOSED), channels a group in
// multiples of 4. An invocation computes 4 pixels of a row times 4 channels; where a tap reads what the last one read,
// one pixel on, the pixels slide through its registers (SLIDE).
// Images and weight are vec4s of four channels; products and sums are f32.
// @variant E4 = vec4<f16>
alias E4 = vec4<f32>;
override WORKGROUP: u32 = 64u;
override SLIDE: bool = true;
override TRANSPOSED: bool = false;

// @include convGeneral

@group(0) @binding(1) var<storage, read> x: array<E4>;
@group(0) @binding(2) var<storage, read> w: array<E4>;
@group(0) @binding(3) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> y: array<E4>;

// Its four channels; the first four it reads, in an input pixel; its weight at the first tap, and from one of four rows
// to the next.
struct Place {
  four: u32,
  input: u32,
  weight: u32,
  row: u32,
}

fn placeOf(four: u32) -> Place {
  let perGroup = params.m / 4u;
  let group = four / perGroup;
  let input = group * (params.k / 4u);
  if (TRANSPOSED) {
    let row = params.groups * params.k / 4u;
    return Place(four, input, (four - group * perGroup) * 4u * row + input, row);
  }
  return Place(four, input, four, params.blocks);
}

// Rounds of four input channels.
fn depth() -> u32 {
  return params.k / 4u;
}

// @include convGeneralFour

fn fetch(place: Place, pixel: i32, k: u32) -> vec4<f32> {
  let pitch = params.groups * params.k / 4u;
  let v = vec4<f32>(x[u32(max(pixel, 0)) * pitch + place.input + k]);
  return select(vec4<f32>(), v, pixel >= 0);
}

// Columns are input channels.
fn weightOf(place: Place, tap: u32, k: u32) -> mat4x4<f32> {
  let step = select(4u * place.row, 1u, TRANSPOSED);
  let i = tap * params.k * params.m * params.groups / 4u + place.weight + k * step;
  let rows = mat4x4<f32>(
    vec4<f32>(w[i]), vec4<f32>(w[i + place.row]), vec4<f32>(w[i + 2u * place.row]), vec4<f32>(w[i + 3u * place.row]),
  );
  if (TRANSPOSED) { return transpose(rows); }
  return rows;
}

// @include convGeneralBody
