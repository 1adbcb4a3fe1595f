// y += x, or y moved toward x, four elements an invocation.
// @variant E4 = vec4<f16>
alias E4 = vec4<f32>;
override WORKGROUP: u32 = 64u;

struct Params {
  quads: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<E4>;
@group(0) @binding(2) var<storage, read_write> y: array<E4>;
@group(0) @binding(3) var<storage, read_write> before: array<E4>;
// Shares of y and of x.
@group(0) @binding(4) var<storage, read> shares: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x + id.y * 65535u * WORKGROUP;
  if (i < params.quads) { y[i] = y[i] + x[i]; }
}

// Remembers what y was.
@compute @workgroup_size(WORKGROUP)
fn remembering(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x + id.y * 65535u * WORKGROUP;
  if (i >= params.quads) { return; }
  before[i] = y[i];
  y[i] = y[i] + x[i];
}

@compute @workgroup_size(WORKGROUP)
fn toward(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x + id.y * 65535u * WORKGROUP;
  if (i < params.quads) { y[i] = E4(shares[0] * vec4<f32>(y[i]) + shares[1] * vec4<f32>(x[i])); }
}
