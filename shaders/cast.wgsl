// Conversions between element types, four elements an invocation. Halves are packed by hand: no feature is needed.
// @variant From = vec4<i32>, To = vec4<f32>
alias From = vec4<f32>;
alias To = vec4<u32>;
override WORKGROUP: u32 = 64u;

struct Params {
  quads: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<From>;
@group(0) @binding(2) var<storage, read_write> y: array<To>;
@group(0) @binding(3) var<storage, read_write> truths: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read> values: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> halves: array<vec2<u32>>;
@group(0) @binding(6) var<storage, read> packed: array<vec2<u32>>;
@group(0) @binding(7) var<storage, read_write> unpacked: array<vec4<f32>>;

fn index(id: vec3<u32>) -> u32 {
  return id.x + id.y * 65535u * WORKGROUP;
}

@compute @workgroup_size(WORKGROUP)
fn convert(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i < params.quads) { y[i] = To(x[i]); }
}

@compute @workgroup_size(WORKGROUP)
fn toBool(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i < params.quads) { truths[i] = select(vec4(0u), vec4(1u), x[i] != From()); }
}

// The bits of the half nearest to a float, ties to even; drivers differ in how pack2x16float rounds and overflows.
fn halfBits(value: vec4<f32>) -> vec4<u32> {
  let bits = bitcast<vec4<u32>>(value);
  let magnitude = bits & vec4(0x7fffffffu);
  let exponent = magnitude >> vec4(23u);
  let small = exponent < vec4(113u);
  let mantissa = (magnitude & vec4(0x7fffffu)) | vec4(0x800000u);
  let shift = select(vec4(13u), min(vec4(126u) - min(exponent, vec4(126u)), vec4(31u)), small);
  let base = select((exponent - vec4(113u)) << vec4(10u), vec4(0u), small);
  let rest = mantissa & ((vec4(1u) << shift) - vec4(1u));
  let half = vec4(1u) << (shift - vec4(1u));
  let kept = mantissa >> shift;
  let up = (rest > half) | ((rest == half) & ((kept & vec4(1u)) == vec4(1u)));
  var result = base + kept + select(vec4(0u), vec4(1u), up);
  result = select(result, vec4(0x7c00u), magnitude >= vec4(0x477ff000u));
  result = select(result, vec4(0x7e00u), magnitude > vec4(0x7f800000u));
  return result | ((bits >> vec4(16u)) & vec4(0x8000u));
}

@compute @workgroup_size(WORKGROUP)
fn toHalf(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.quads) { return; }
  let bits = halfBits(values[i]);
  halves[i] = bits.xz | (bits.yw << vec2(16u));
}

@compute @workgroup_size(WORKGROUP)
fn fromHalf(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.quads) { return; }
  unpacked[i] = vec4(unpack2x16float(packed[i].x), unpack2x16float(packed[i].y));
}
