// 1 where an element's place along the last axis is its row's label, else 0; four elements an invocation.
override WORKGROUP: u32 = 64u;

struct Params {
  quads: u32,
  size: u32,
  classes: u32,
  fault: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
// Negative ones are as unlike any class as u32 as they are as i32.
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;

// @include faults

fn chosen(i: u32) -> f32 {
  let at = min(i, params.size - 1u);
  let label = labels[at / params.classes];
  if (label >= params.classes && at % params.classes == 0u) { report(label); }
  return f32(label == at % params.classes);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let quad = id.x + id.y * 65535u * WORKGROUP;
  if (quad >= params.quads) { return; }
  let i = 4u * quad;
  y[quad] = vec4(chosen(i), chosen(i + 1u), chosen(i + 2u), chosen(i + 3u));
}
