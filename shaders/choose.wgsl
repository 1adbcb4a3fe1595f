// Comparison and choice, four elements an invocation.
override WORKGROUP: u32 = 64u;
// Operands that are absent, for 0.
override NO_A: bool = false;
override NO_B: bool = false;

struct Params {
  quads: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> condition: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read_write> truths: array<vec4<u32>>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4<f32>>;

fn index(id: vec3<u32>) -> u32 {
  return id.x + id.y * 65535u * WORKGROUP;
}

@compute @workgroup_size(WORKGROUP)
fn greater(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i < params.quads) { truths[i] = select(vec4(0u), vec4(1u), a[i] > b[i]); }
}

@compute @workgroup_size(WORKGROUP)
fn choose(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.quads) { return; }
  var p = vec4<f32>();
  var q = vec4<f32>();
  if (!NO_A) { p = a[i]; }
  if (!NO_B) { q = b[i]; }
  y[i] = select(q, p, condition[i] != vec4<u32>());
}
