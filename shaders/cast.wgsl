// Conversions between element types; an invocation takes every `invocations`-th run of four elements. Halves are packed
// by hand: no feature is needed.
// @variant From = vec4<i32>, To = vec4<f32>
// @variant From = vec4<f32>, To = vec4<i32>
// @variant From = vec4<u32>, To = vec4<i32>
alias From = vec4<f32>;
alias To = vec4<u32>;
override WORKGROUP: u32 = 64u;

struct Params {
  quads: u32,
  invocations: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<From>;
@group(0) @binding(2) var<storage, read_write> y: array<To>;
@group(0) @binding(3) var<storage, read_write> truths: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read_write> halves: array<vec2<u32>>;
@group(0) @binding(5) var<storage, read> packed: array<vec2<u32>>;
@group(0) @binding(6) var<storage, read_write> integers: array<vec4<i32>>;
@group(0) @binding(7) var<storage, read_write> naturals: array<vec4<u32>>;

// @include share
// @include half

@compute @workgroup_size(WORKGROUP)
fn convert(@builtin(global_invocation_id) id: vec3<u32>) {
  for (var i = first(id); i < params.quads; i += params.invocations) { y[i] = To(x[i]); }
}

// 1 where it is not 0, NaN included: it compares as equal to nothing.
fn truthOf(v: From) -> vec4<u32> {
  return select(vec4(1u), vec4(0u), v == From());
}

@compute @workgroup_size(WORKGROUP)
fn toBool(@builtin(global_invocation_id) id: vec3<u32>) {
  for (var i = first(id); i < params.quads; i += params.invocations) { truths[i] = truthOf(x[i]); }
}

fn isNaN4(v: vec4<f32>) -> vec4<bool> {
  return (bitcast<vec4<u32>>(v) & vec4(0x7fffffffu)) > vec4(0x7f800000u);
}

// Truncated; the nearest there is where it is out of range, 0 for NaN.
fn integerOf(v: vec4<f32>) -> vec4<i32> {
  var result = select(vec4<i32>(v), vec4(2147483647), v >= vec4(2147483648.0));
  result = select(result, vec4(-2147483647 - 1), v <= vec4(-2147483648.0));
  return select(result, vec4<i32>(), isNaN4(v));
}

fn naturalOf(v: vec4<f32>) -> vec4<u32> {
  let result = select(vec4<u32>(v), vec4(4294967295u), v >= vec4(4294967296.0));
  return select(result, vec4<u32>(), isNaN4(v) | (v <= vec4<f32>()));
}

@compute @workgroup_size(WORKGROUP)
fn toInteger(@builtin(global_invocation_id) id: vec3<u32>) {
  for (var i = first(id); i < params.quads; i += params.invocations) { integers[i] = integerOf(vec4<f32>(x[i])); }
}

@compute @workgroup_size(WORKGROUP)
fn toNatural(@builtin(global_invocation_id) id: vec3<u32>) {
  for (var i = first(id); i < params.quads; i += params.invocations) { naturals[i] = naturalOf(vec4<f32>(x[i])); }
}

@compute @workgroup_size(WORKGROUP)
fn toHalf(@builtin(global_invocation_id) id: vec3<u32>) {
  for (var i = first(id); i < params.quads; i += params.invocations) {
    let bits = halfBits(vec4<f32>(x[i]));
    halves[i] = bits.xz | (bits.yw << vec2(16u));
  }
}

fn unpacked(i: u32) -> vec4<f32> {
  return vec4(unpack2x16float(packed[i].x), unpack2x16float(packed[i].y));
}

@compute @workgroup_size(WORKGROUP)
fn fromHalf(@builtin(global_invocation_id) id: vec3<u32>) {
  for (var i = first(id); i < params.quads; i += params.invocations) { y[i] = To(unpacked(i)); }
}

@compute @workgroup_size(WORKGROUP)
fn halfToBool(@builtin(global_invocation_id) id: vec3<u32>) {
  for (var i = first(id); i < params.quads; i += params.invocations) {
    truths[i] = select(vec4(1u), vec4(0u), unpacked(i) == vec4<f32>());
  }
}

@compute @workgroup_size(WORKGROUP)
fn halfToInteger(@builtin(global_invocation_id) id: vec3<u32>) {
  for (var i = first(id); i < params.quads; i += params.invocations) { integers[i] = integerOf(unpacked(i)); }
}

@compute @workgroup_size(WORKGROUP)
fn halfToNatural(@builtin(global_invocation_id) id: vec3<u32>) {
  for (var i = first(id); i < params.quads; i += params.invocations) { naturals[i] = naturalOf(unpacked(i)); }
}
