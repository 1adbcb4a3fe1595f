// Dropout, which is its own gradient: four elements an invocation share one Philox block, so an element's fate depends
// on seed, step, stream and its index alone.
// @variant E4 = vec4<f16>
alias E4 = vec4<f32>;
override WORKGROUP: u32 = 64u;

struct Params {
  quads: u32,
  // Elements of the whole batch before x's first.
  first: u32,
  stream: u32,
  // An element is dropped where its 32 random bits lie below.
  threshold: u32,
  // Drop all: no threshold is above every word.
  whole: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<E4>;
// Seed, step.
@group(0) @binding(2) var<storage, read> random: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<E4>;

// @include special
// @include philox

fn blockOf(i: u32) -> vec4<u32> {
  return philox(vec4<u32>(i, random[1], 0u, params.stream), vec2<u32>(random[0], 0u));
}

// Of four elements, which may lie in two blocks.
fn bitsFrom(element: u32) -> vec4<u32> {
  let some = blockOf(element / 4u);
  let past = element % 4u;
  if (past == 0u) { return some; }
  let next = blockOf(element / 4u + 1u);
  if (past == 1u) { return vec4<u32>(some.yzw, next.x); }
  if (past == 2u) { return vec4<u32>(some.zw, next.xy); }
  return vec4<u32>(some.w, next.xyz);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x + id.y * 65535u * WORKGROUP;
  if (i >= params.quads) { return; }
  let bits = bitsFrom(params.first + 4u * i);
  let v = vec4<f32>(x[i]);
  let dropped = (bits < vec4<u32>(params.threshold)) | vec4<bool>(params.whole == 1u);
  // 0·v: NaN where v is not finite.
  let nothing = select(vec4(notANumber()), vec4<f32>(), isFinite4(v));
  y[i] = E4(select(v * params.scale, nothing, dropped));
}
