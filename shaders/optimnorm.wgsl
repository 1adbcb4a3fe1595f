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
  // decoupled weight decay
  decay: f32,
  growthInterval: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradients: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> partials: array<f32>;
@group(0) @binding(3) var<storage, read> sums: array<f32>;
@group(0) @binding(4) var<storage, read_write> clip: array<f32>;
// as in optim.wgsl
@group(0) @binding(5) var<storage, read_write> hyper: array<f32>;
@group(0) @binding(6) var<storage, read> learningRate: array<f32>;
@group(0) @binding(7) var<storage, read_write> scaler: array<f32>;

// Where in the scaler's arena (src/autograd/scaler.ts); the corrections are 1 − beta^t.
const SCALE: u32 = 0u;
const GOOD_STEPS: u32 = 64u;
const SKIPPED: u32 = 128u;
const CORRECTION1: u32 = 192u;
const CORRECTION2: u32 = 256u;

var<workgroup> lanes: array<f32, WORKGROUP>;

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

fn clipping(norm: f32) -> f32 {
  return select(1.0, min(1.0, params.maxNorm / (norm + 1e-6)), params.maxNorm >= 0.0);
}

@compute @workgroup_size(WORKGROUP)
fn finish(@builtin(local_invocation_index) lane: u32) {
  let norm = sqrt(total(lane));
  if (lane > 0u) { return; }
  clip[0] = norm;
  clip[1] = clipping(norm);
}

// By its bits, for compilers may take it that no number is infinite or NaN.
fn finite(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7f800000u) != 0x7f800000u;
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

@compute @workgroup_size(WORKGROUP)
fn finishScaled(@builtin(local_invocation_index) lane: u32) {
  let all = total(lane);
  if (lane > 0u) { return; }
  let norm = sqrt(all) / scaler[SCALE];
  clip[0] = norm;
  clip[1] = clipping(norm) / scaler[SCALE];
  if (!finite(all)) {
    scaler[SCALE] *= 0.5;
    scaler[GOOD_STEPS] = 0.0;
    scaler[SKIPPED] += 1.0;
    hyper[3] = 0.0;
    return;
  }
  advance();
  hyper[0] = learningRate[0] / scaler[CORRECTION1];
  hyper[1] = inverseSqrt(scaler[CORRECTION2]);
  hyper[2] = 1.0 - learningRate[0] * params.decay;
  hyper[3] = 1.0;
}
