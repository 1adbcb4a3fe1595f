// Gradient of a grouped convolution's weight, in strips of the small image's rows, channels a group in multiples of 4:
// an invocation sums 4 channels of the large image times 4 of the small one.
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

// Columns are channels of the large image.
alias Sum = mat4x4<f32>;

// Its four channels of the small image, and of the large one in a pixel and in its group.
struct Place {
  four: u32,
  input: u32,
  part: u32,
}

fn placeOf(four: u32, part: u32) -> Place {
  return Place(four, four / (params.b / 4u) * params.parts + part, part);
}

fn product(l: vec4<f32>, s: vec4<f32>) -> Sum {
  return Sum(l.x * s, l.y * s, l.z * s, l.w * s);
}

fn largeAt(place: Place, line: i32, column: i32) -> vec4<f32> {
  let inside = (column >= 0) & (column < params.largeWidth);
  let pitch = params.groups * params.parts;
  let v = vec4<f32>(large[u32(line + select(0, column, inside)) * pitch + place.input]);
  return select(vec4<f32>(), v, inside);
}

fn smallAt(place: Place, pixel: u32) -> vec4<f32> {
  return vec4<f32>(small[pixel * params.blocks + place.four]);
}

fn put(place: Place, s: Sum, start: u32, tap: u32, there: bool) {
  if (!there) { return; }
  let at = start / 4u + (tap * params.a + place.part * 4u) * params.blocks + place.four;
  partial[at] = s[0];
  partial[at + params.blocks] = s[1];
  partial[at + 2u * params.blocks] = s[2];
  partial[at + 3u * params.blocks] = s[3];
}

// @include convGeneralGradBody
