// One optimiser step over a run of the parameter arena, four elements an invocation.
alias E4 = vec4<f32>;
override WORKGROUP: u32 = 64u;

struct Params {
  // the run, in units of four elements
  first: u32,
  quads: u32,
  beta1: f32,
  // 1 − beta, rounded once from float64
  rest1: f32,
  beta2: f32,
  rest2: f32,
  epsilon: f32,
  weightDecay: f32,
  l1: f32,
  momentum: f32,
  nesterov: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> parameters: array<E4>;
@group(0) @binding(2) var<storage, read> gradients: array<E4>;
// step size; 1/√(1 − beta2^t); what decoupled weight decay leaves of a parameter; 0 in steps to be skipped, else 1
@group(0) @binding(3) var<storage, read> hyper: array<E4>;
// norm of the gradient; factor that clips it and undoes the loss scale
@group(0) @binding(4) var<storage, read> clip: array<f32>;
@group(0) @binding(5) var<storage, read_write> moment1: array<E4>;
@group(0) @binding(6) var<storage, read_write> moment2: array<E4>;

fn index(id: vec3<u32>) -> u32 {
  return id.x + id.y * 65535u * WORKGROUP;
}

// Nothing to do: beyond the run, or the step is skipped.
fn idle(id: vec3<u32>) -> bool {
  return (index(id) >= params.quads) | (hyper[0].w == 0.0);
}

// The clipped gradient with its penalties.
fn gradient(i: u32) -> E4 {
  let p = parameters[i];
  return gradients[i] * clip[1] + params.weightDecay * p + params.l1 * sign(p);
}

@compute @workgroup_size(WORKGROUP)
fn adam(@builtin(global_invocation_id) id: vec3<u32>) {
  if (idle(id)) { return; }
  let i = params.first + index(id);
  let g = gradient(i);
  let m = params.beta1 * moment1[i] + params.rest1 * g;
  let v = params.beta2 * moment2[i] + params.rest2 * g * g;
  moment1[i] = m;
  moment2[i] = v;
  let h = hyper[0];
  parameters[i] = h.z * parameters[i] - h.x * m / (sqrt(v) * h.y + params.epsilon);
}

@compute @workgroup_size(WORKGROUP)
fn sgd(@builtin(global_invocation_id) id: vec3<u32>) {
  if (idle(id)) { return; }
  let i = params.first + index(id);
  parameters[i] = parameters[i] - hyper[0].x * gradient(i);
}

@compute @workgroup_size(WORKGROUP)
fn sgdMomentum(@builtin(global_invocation_id) id: vec3<u32>) {
  if (idle(id)) { return; }
  let i = params.first + index(id);
  let g = gradient(i);
  let m = params.momentum * moment1[i] + g;
  moment1[i] = m;
  let direction = select(m, g + params.momentum * m, params.nesterov == 1u);
  parameters[i] = parameters[i] - hyper[0].x * direction;
}
