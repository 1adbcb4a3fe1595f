// The weight of a convolution's adjoint as that of a convolution: the kernel turned and its channels swapped, from
// [taps][m][k] to [taps][k][m], in blocks of 4×4 channels.
// @variant E = vec4<f16>
alias E = vec4<f32>;
override WORKGROUP: u32 = 16u;

struct Params {
  taps: u32,
  // channels in vec4s
  k: u32,
  m: u32,
  // that share the blocks
  invocations: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<E>;
@group(0) @binding(2) var<storage, read_write> y: array<E>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let blocks = params.k * params.m;
  for (var i = id.x; i < params.taps * blocks; i += params.invocations) {
    let tap = i / blocks;
    let k = i % blocks / params.m;
    let m = i % params.m;
    let source = ((params.taps - 1u - tap) * params.m + m) * 4u * params.k + k;
    let a = x[source];
    let b = x[source + params.k];
    let c = x[source + 2u * params.k];
    let d = x[source + 3u * params.k];
    let to = (tap * params.k + k) * 4u * params.m + m;
    y[to] = E(a.x, b.x, c.x, d.x);
    y[to + params.m] = E(a.y, b.y, c.y, d.y);
    y[to + 2u * params.m] = E(a.z, b.z, c.z, d.z);
    y[to + 3u * params.m] = E(a.w, b.w, c.w, d.w);
  }
}
