// One optimiser step over a run of the parameter arena. An invocation takes every `invocations`-th quad of elements, so
// that what all share is loaded once. Notes on the way what is no longer finite.
alias E4 = vec4<f32>;
override WORKGROUP: u32 = 64u;

struct Params {
  // first quad of the arena that is bound
  window: u32,
  // the run, in units of four elements, from there
  first: u32,
  end: u32,
  invocations: u32,
  // of `hyper`, for the run's group of parameters
  row: u32,
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
  // of `state`, to be looked at in this launch
  stateQuads: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> parameters: array<E4>;
@group(0) @binding(2) var<storage, read> gradients: array<E4>;
// row 0: the step, its lower 16 bits and the others; 0, 0 before any was prepared. Further rows, one a group: step size;
// 1/√(1 − beta2^t); what decoupled weight decay leaves of a parameter; 0 in steps to be skipped, else 1
@group(0) @binding(3) var<storage, read> hyper: array<E4>;
// norm of the gradient; factor that clips it and undoes the loss scale
@group(0) @binding(4) var<storage, read> clip: array<f32>;
@group(0) @binding(5) var<storage, read_write> moment1: array<E4>;
@group(0) @binding(6) var<storage, read_write> moment2: array<E4>;
// what is not finite; see src/autograd/nonFinite.ts. All bits are set where nothing is
@group(0) @binding(7) var<storage, read_write> watch: array<atomic<u32>>;
// running statistics
@group(0) @binding(8) var<storage, read> state: array<E4>;

// Kinds of findings, the likeliest cause of the others first. `watch` holds the first step with a finding, then of that
// step the least index of each kind.
const GRADIENT: u32 = 0u;
const NORM: u32 = 1u;
const STATISTIC: u32 = 2u;
const PARAMETER: u32 = 3u;
const MOMENT: u32 = 4u;
const UNPREPARED: u32 = 5u;
const NOTHING: u32 = 6u;

// Of f32: all set in infinities and NaN. Compilers may take it that no number is either, hence by bits.
const EXPONENT: u32 = 0x7f800000u;

fn infinite(v: E4) -> vec4<bool> {
  return (bitcast<vec4<u32>>(v) & vec4(EXPONENT)) == vec4(EXPONENT);
}

struct Finding {
  kind: u32,
  index: u32,
}

// The finding, or the first element of a quad (of all) that is not finite if that is a likelier cause.
fn likelier(now: Finding, kind: u32, i: u32, v: E4) -> Finding {
  let found = infinite(v);
  let element = 4u * i + select(select(select(3u, 2u, found.z), 1u, found.y), 0u, found.x);
  if (any(found) & (kind < now.kind)) { return Finding(kind, element); }
  return now;
}

// What is no parameter's own.
fn inspect(i: u32) -> Finding {
  var now = Finding(NOTHING, 0u);
  for (var s = select(params.stateQuads, i, i < params.invocations); s < params.stateQuads; s += params.invocations) {
    now = likelier(now, STATISTIC, s, state[s]);
  }
  if ((hyper[params.row].w != 0.0) & infinite(E4(clip[0])).x) { now = Finding(NORM, 0u); }
  if (hyper[0].x + hyper[0].y == 0.0) { now = Finding(UNPREPARED, 0u); }
  return now;
}

fn note(now: Finding) {
  if (now.kind == NOTHING) { return; }
  let step = u32(hyper[0].x) + 65536u * u32(hyper[0].y);
  if (atomicMin(&watch[0], step) < step) { return; }
  atomicMin(&watch[1u + now.kind], now.index);
}

// @include linear

// The invocation's first quad; past the run for invocations there are too many of, and for all in a skipped step.
fn begin(id: vec3<u32>) -> u32 {
  let i = index(id);
  return select(params.end, params.first + i, (i < params.invocations) & (hyper[params.row].w != 0.0));
}

// As `begin` where `total` is not finite, else past the run.
fn again(id: vec3<u32>, total: E4) -> u32 {
  return select(params.end, begin(id), any(infinite(total)));
}

// The clipped gradient with its penalties.
fn gradient(i: u32, p: E4, factor: f32) -> E4 {
  return gradients[i] * factor + params.weightDecay * p + params.l1 * sign(p);
}

// Sums of what a run of quads leaves are finite if all of it is; where they are not, it is looked at again.
@compute @workgroup_size(WORKGROUP)
fn adam(@builtin(global_invocation_id) id: vec3<u32>) {
  let h = hyper[params.row];
  let factor = clip[1];
  var total = E4();
  for (var i = begin(id); i < params.end; i += params.invocations) {
    let p = parameters[i];
    let g = gradient(i, p, factor);
    let m = params.beta1 * moment1[i] + params.rest1 * g;
    let v = params.beta2 * moment2[i] + params.rest2 * g * g;
    let stepped = h.z * p - h.x * m / (sqrt(v) * h.y + params.epsilon);
    moment1[i] = m;
    moment2[i] = v;
    parameters[i] = stepped;
    total += v + stepped;
  }
  var now = inspect(index(id));
  for (var i = again(id, total); i < params.end; i += params.invocations) {
    now = likelier(now, GRADIENT, params.window + i, gradients[i]);
    now = likelier(now, MOMENT, params.window + i, moment1[i]);
    now = likelier(now, MOMENT, params.window + i, moment2[i]);
    now = likelier(now, PARAMETER, params.window + i, parameters[i]);
  }
  note(now);
}

@compute @workgroup_size(WORKGROUP)
fn sgd(@builtin(global_invocation_id) id: vec3<u32>) {
  let stepSize = hyper[params.row].x;
  let factor = clip[1];
  var total = E4();
  for (var i = begin(id); i < params.end; i += params.invocations) {
    let p = parameters[i];
    let stepped = p - stepSize * gradient(i, p, factor);
    parameters[i] = stepped;
    total += stepped;
  }
  var now = inspect(index(id));
  for (var i = again(id, total); i < params.end; i += params.invocations) {
    now = likelier(now, GRADIENT, params.window + i, gradients[i]);
    now = likelier(now, PARAMETER, params.window + i, parameters[i]);
  }
  note(now);
}

@compute @workgroup_size(WORKGROUP)
fn sgdMomentum(@builtin(global_invocation_id) id: vec3<u32>) {
  let stepSize = hyper[params.row].x;
  let factor = clip[1];
  var total = E4();
  for (var i = begin(id); i < params.end; i += params.invocations) {
    let p = parameters[i];
    let g = gradient(i, p, factor);
    let m = params.momentum * moment1[i] + g;
    moment1[i] = m;
    let direction = select(m, g + params.momentum * m, params.nesterov == 1u);
    let stepped = p - stepSize * direction;
    parameters[i] = stepped;
    total += m + stepped;
  }
  var now = inspect(index(id));
  for (var i = again(id, total); i < params.end; i += params.invocations) {
    now = likelier(now, GRADIENT, params.window + i, gradients[i]);
    now = likelier(now, MOMENT, params.window + i, moment1[i]);
    now = likelier(now, PARAMETER, params.window + i, parameters[i]);
  }
  note(now);
}
