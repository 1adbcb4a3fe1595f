// Element-wise functions of two tensors of one shape, four elements an invocation.
alias E4 = vec4<f32>;
override WORKGROUP: u32 = 64u;
override FUNCTION: u32 = 0u;

struct Params {
  quads: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<E4>;
@group(0) @binding(2) var<storage, read> b: array<E4>;
@group(0) @binding(3) var<storage, read_write> y: array<E4>;

fn evaluate(p: E4, q: E4) -> E4 {
  switch FUNCTION {
    case 0u: { return p + q; }
    case 1u: { return p - q; }
    case 2u: { return p * q; }
    default: { return p / q; }
  }
}

@compute @workgroup_size(WORKGROUP)
fn same(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x + id.y * 65535u * WORKGROUP;
  if (i < params.quads) { y[i] = evaluate(a[i], b[i]); }
}

@compute @workgroup_size(WORKGROUP)
fn accumulate(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x + id.y * 65535u * WORKGROUP;
  if (i < params.quads) { y[i] = y[i] + a[i]; }
}
