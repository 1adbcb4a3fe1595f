// One optimiser step over a run of the parameter arena. An invocation takes every `invocations`-th quad of elements, so
// that what all share is loaded once.
alias E4 = vec4<f32>;
override WORKGROUP: u32 = 64u;

struct Params {
  // the run, in units of four elements
  first: u32,
  end: u32,
  invocations: u32,
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

// The invocation's first quad; past the run for invocations there are too many of, and for all in a skipped step.
fn begin(id: vec3<u32>) -> u32 {
  let i = id.x + id.y * 65535u * WORKGROUP;
  return select(params.end, params.first + i, (i < params.invocations) & (hyper[0].w != 0.0));
}

// The clipped gradient with its penalties.
fn gradient(i: u32, p: E4, factor: f32) -> E4 {
  return gradients[i] * factor + params.weightDecay * p + params.l1 * sign(p);
}

@compute @workgroup_size(WORKGROUP)
fn adam(@builtin(global_invocation_id) id: vec3<u32>) {
  let h = hyper[0];
  let factor = clip[1];
  for (var i = begin(id); i < params.end; i += params.invocations) {
    let p = parameters[i];
    let g = gradient(i, p, factor);
    let m = params.beta1 * moment1[i] + params.rest1 * g;
    let v = params.beta2 * moment2[i] + params.rest2 * g * g;
    moment1[i] = m;
    moment2[i] = v;
    parameters[i] = h.z * p - h.x * m / (sqrt(v) * h.y + params.epsilon);
  }
}

@compute @workgroup_size(WORKGROUP)
fn sgd(@builtin(global_invocation_id) id: vec3<u32>) {
  let stepSize = hyper[0].x;
  let factor = clip[1];
  for (var i = begin(id); i < params.end; i += params.invocations) {
    let p = parameters[i];
    parameters[i] = p - stepSize * gradient(i, p, factor);
  }
}

@compute @workgroup_size(WORKGROUP)
fn sgdMomentum(@builtin(global_invocation_id) id: vec3<u32>) {
  let stepSize = hyper[0].x;
  let factor = clip[1];
  for (var i = begin(id); i < params.end; i += params.invocations) {
    let p = parameters[i];
    let g = gradient(i, p, factor);
    let m = params.momentum * moment1[i] + g;
    moment1[i] = m;
    let direction = select(m, g + params.momentum * m, params.nesterov == 1u);
    parameters[i] = p - stepSize * direction;
  }
}
