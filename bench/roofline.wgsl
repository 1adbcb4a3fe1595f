// What the device can do at best: multiply-adds in registers, and copying by a kernel.
override WORKGROUP: u32 = 16u;

struct Params {
  rounds: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;

// 32 accumulators in 8 vec4s, four multiply-adds each a round: 256 operations.
@compute @workgroup_size(WORKGROUP)
fn multiplyAdd(@builtin(global_invocation_id) id: vec3<u32>) {
  let m = vec4<f32>(0.999, 0.998, 0.997, 0.996) + f32(params.count) * 1e-12;
  let c = m * 0.001;
  var a0 = vec4<f32>(f32(id.x));
  var a1 = a0 + 1.0;
  var a2 = a0 + 2.0;
  var a3 = a0 + 3.0;
  var a4 = a0 + 4.0;
  var a5 = a0 + 5.0;
  var a6 = a0 + 6.0;
  var a7 = a0 + 7.0;
  for (var round = 0u; round < params.rounds; round++) {
    a0 = fma(fma(fma(fma(a0, m, c), m, c), m, c), m, c);
    a1 = fma(fma(fma(fma(a1, m, c), m, c), m, c), m, c);
    a2 = fma(fma(fma(fma(a2, m, c), m, c), m, c), m, c);
    a3 = fma(fma(fma(fma(a3, m, c), m, c), m, c), m, c);
    a4 = fma(fma(fma(fma(a4, m, c), m, c), m, c), m, c);
    a5 = fma(fma(fma(fma(a5, m, c), m, c), m, c), m, c);
    a6 = fma(fma(fma(fma(a6, m, c), m, c), m, c), m, c);
    a7 = fma(fma(fma(fma(a7, m, c), m, c), m, c), m, c);
  }
  y[id.x % arrayLength(&y)] = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7;
}

// Four vec4s an invocation, a workgroup's next to each other.
@compute @workgroup_size(WORKGROUP)
fn copy(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
  let first = (group.x + group.y * 65535u) * WORKGROUP * 4u + local.x;
  for (var i = 0u; i < 4u; i++) {
    let at = first + i * WORKGROUP;
    if (at < params.count) { y[at] = x[at]; }
  }
}
