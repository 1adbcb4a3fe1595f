// Norm of the gradient arena in two stages of fixed order, and what follows from it: the factor that clips it, and with
// loss scaling whether the step is taken at all.
override WORKGROUP: u32 = 64u;

struct Params {
  quads: u32,
  // how many partial sums; a multiple of WORKGROUP
  strips: u32,
  // negative: no limit
  maxNorm: f32,
  // Adam's, 0 for other rules; 1 − beta, rounded once from float64
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  growthInterval: f32,
  stateQuads: u32,
  // of parameters
  groups: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradients: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> partials: array<f32>;
@group(0) @binding(3) var<storage, read> sums: array<f32>;
@group(0) @binding(4) var<storage, read_write> clip: array<f32>;
// as in optim.wgsl, by elements
@group(0) @binding(5) var<storage, read_write> hyper: array<f32>;
// rows of four as there: the step; of each group the learning rate, its decoupled weight decay, and Adam's corrections
// of a group that began late, 0 of others
@group(0) @binding(6) var<storage, read> rates: array<f32>;
@group(0) @binding(7) var<storage, read_write> scaler: array<f32>;
@group(0) @binding(8) var<storage, read> loss: array<f32>;
// what the forward pass changed, and what that was before
@group(0) @binding(9) var<storage, read_write> state: array<vec4<f32>>;
@group(0) @binding(10) var<storage, read> before: array<vec4<f32>>;

// Where in the scaler's arena (src/autograd/scaler.ts); the corrections are 1 − beta^t.
const SCALE: u32 = 0u;
const GOOD_STEPS: u32 = 64u;
const SKIPPED: u32 = 128u;
const CORRECTION1: u32 = 192u;
const CORRECTION2: u32 = 256u;

// Of f32: all set in infinities and NaN. Compilers may take it that no number is either, hence by bits.
const EXPONENT: u32 = 0x7f800000u;

var<workgroup> lanes: array<f32, WORKGROUP>;
var<workgroup> exponents: array<u32, WORKGROUP>;
var<workgroup> skipped: u32;

@compute @workgroup_size(WORKGROUP)
fn square(@builtin(global_invocation_id) id: vec3<u32>) {
  var total = vec4<f32>();
  for (var i = id.x; i < params.quads; i += params.strips) {
    total += gradients[i] * gradients[i];
  }
  partials[id.x] = dot(total, vec4<f32>(1));
}

// The sum of all squares, on lane 0.
fn total(lane: u32) -> f32 {
  var own = 0.0;
  for (var i = lane; i < params.strips; i += WORKGROUP) { own += sums[i]; }
  lanes[lane] = own;
  workgroupBarrier();
  var all = 0.0;
  if (lane == 0u) {
    for (var i = 0u; i < WORKGROUP; i++) { all += lanes[i]; }
  }
  return all;
}

fn finite(v: f32) -> bool {
  return (bitcast<u32>(v) & EXPONENT) != EXPONENT;
}

// Infinite and NaN where the sum of squares is, whatever the adapter's root makes of that.
fn root(squares: f32) -> f32 {
  return select(squares, sqrt(squares), finite(squares));
}

// 1 for gradients within the limit; NaN for a norm that is.
fn clipping(norm: f32) -> f32 {
  let ratio = params.maxNorm / (norm + 1e-6);
  return select(1.0, select(ratio, 1.0, ratio > 1.0), params.maxNorm >= 0.0);
}

@compute @workgroup_size(WORKGROUP)
fn finish(@builtin(local_invocation_index) lane: u32) {
  let norm = root(total(lane));
  if (lane > 0u) { return; }
  clip[0] = norm;
  clip[1] = clipping(norm);
}

// The largest exponent in the lane's part of the state.
fn stateExponent(lane: u32) -> u32 {
  var most = vec4<u32>();
  for (var i = lane; i < params.stateQuads; i += WORKGROUP) {
    most = max(most, bitcast<vec4<u32>>(state[i]) & vec4(EXPONENT));
  }
  return max(max(most.x, most.y), max(most.z, most.w));
}

fn forwardFinite() -> bool {
  var most = 0u;
  for (var i = 0u; i < WORKGROUP; i++) { most = max(most, exponents[i]); }
  return (most != EXPONENT) & finite(loss[0]);
}

// One more step: Adam's corrections, each grown from the last so that nothing cancels, and the scale in time.
fn advance() {
  scaler[CORRECTION1] = params.beta1 * scaler[CORRECTION1] + params.rest1;
  scaler[CORRECTION2] = params.beta2 * scaler[CORRECTION2] + params.rest2;
  scaler[GOOD_STEPS] += 1.0;
  if (scaler[GOOD_STEPS] < params.growthInterval) { return; }
  scaler[GOOD_STEPS] = 0.0;
  if (scaler[SCALE] < 1e38) { scaler[SCALE] *= 2.0; }
}

// What each group's parameters step by.
fn takeStep() {
  for (var row = 4u; row <= 4u * params.groups; row += 4u) {
    let late = rates[row + 2u] > 0.0;
    hyper[row] = rates[row] / select(scaler[CORRECTION1], rates[row + 2u], late);
    hyper[row + 1u] = inverseSqrt(select(scaler[CORRECTION2], rates[row + 3u], late));
    hyper[row + 2u] = 1.0 - rates[row] * rates[row + 1u];
    hyper[row + 3u] = 1.0;
  }
}

// Whether the step is taken, and how.
fn decide(squares: f32) {
  hyper[0] = rates[0];
  hyper[1] = rates[1];
  let norm = root(squares) / scaler[SCALE];
  clip[0] = norm;
  clip[1] = clipping(norm) / scaler[SCALE];
  let prepared = rates[0] + rates[1] > 0.0;
  let forward = forwardFinite();
  if (prepared & forward & finite(squares)) {
    advance();
    takeStep();
    skipped = 0u;
    return;
  }
  for (var row = 4u; row <= 4u * params.groups; row += 4u) { hyper[row + 3u] = 0.0; }
  skipped = 1u;
  if (!prepared) { return; }
  if (forward) { scaler[SCALE] *= 0.5; }
  scaler[GOOD_STEPS] = 0.0;
  scaler[SKIPPED] += 1.0;
}

@compute @workgroup_size(WORKGROUP)
fn finishScaled(@builtin(local_invocation_index) lane: u32) {
  exponents[lane] = stateExponent(lane);
  let squares = total(lane);
  if (lane == 0u) { decide(squares); }
  if (workgroupUniformLoad(&skipped) == 0u) { return; }
  for (var i = lane; i < params.stateQuads; i += WORKGROUP) { state[i] = before[i]; }
}
