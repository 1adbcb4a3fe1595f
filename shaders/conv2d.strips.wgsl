// The end of a convolution whose sum is cut into strips: they are added in order, then the bias, and ReLU comes last.
// An invocation takes a vec4 of y, which is E4s; strips and bias are f32.
// @variant E4 = vec4<f16>
alias E4 = vec4<f32>;
override WORKGROUP: u32 = 64u;
// Whether results are 0 where `cut`, the output of a ReLU as y lies, is 0.
override CUTS: bool = false;

struct Params {
  // vec4s of a strip, and strips
  count: u32,
  strips: u32,
  // vec4s of a pixel
  groups: u32,
  // 0 or 1
  hasBias: u32,
  relu: u32,
  // vec4s of y from pixel to pixel, and before a pixel's first channel
  yPitch: u32,
  yStart: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> strips: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<E4>;
@group(0) @binding(4) var<storage, read> cut: array<E4>;

fn sumOf(i: u32) -> vec4<f32> {
  var sum = vec4<f32>();
  var strip = 0u;
  for (; strip + 3u < params.strips; strip += 4u) {
    // All loads before the sums, so that they are under way at once.
    let at = strip * params.count + i;
    let a = strips[at];
    let b = strips[at + params.count];
    let c = strips[at + 2u * params.count];
    let d = strips[at + 3u * params.count];
    sum = sum + a + b + c + d;
  }
  for (; strip < params.strips; strip++) { sum += strips[strip * params.count + i]; }
  return sum;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x + id.y * 65535u * WORKGROUP;
  if (i >= params.count) { return; }
  let pixel = i / params.groups;
  let group = i - pixel * params.groups;
  let v = sumOf(i) + select(vec4<f32>(), bias[group], params.hasBias == 1u);
  // What is NaN stays.
  var off = (v < vec4<f32>()) & vec4<bool>(params.relu == 1u);
  let at = pixel * params.yPitch + params.yStart + group;
  if (CUTS) { off = cut[at] <= E4(); }
  y[at] = E4(select(v, vec4<f32>(), off));
}
