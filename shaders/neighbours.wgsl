// Neighbouring slices of volumes [N, D, pixels, C] side by side, as [N, D', pixels, kernel·C], and sums of what lies side
// by side back in its slices: adjoints, which make of a convolution of images one of volumes. A group of channels an
// invocation: V is one where their count is no multiple of four, X what is stored.
// @variant V = f32
// @variant V = f32, X = f16
// @variant X = vec4<f16>
alias V = vec4<f32>;
alias X = V;
override WORKGROUP: u32 = 64u;
override BIAS: bool = false;
override RELU: bool = false;

struct Params {
  batch: u32,
  // Slices of the volume, and of what has neighbours side by side.
  depth: u32,
  slices: u32,
  pixels: u32,
  groups: u32,
  kernel: u32,
  stride: u32,
  dilation: u32,
  before: u32,
  // Vs of the volume from pixel to pixel, and before a pixel's first.
  pitch: u32,
  start: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<X>;
@group(0) @binding(2) var<storage, read_write> wide: array<X>;
@group(0) @binding(3) var<storage, read> apart: array<X>;
@group(0) @binding(4) var<storage, read> bias: array<V>;
@group(0) @binding(5) var<storage, read_write> y: array<X>;

// @include place

@compute @workgroup_size(WORKGROUP)
fn spread(@builtin(global_invocation_id) id: vec3<u32>) {
  let across = params.kernel * params.groups;
  let row = params.pixels * across;
  let place = placeOf(id, row, params.slices);
  if (place.x >= row || (FOLDED && place.z >= params.batch)) { return; }
  let pixel = place.x / across;
  let column = place.x - pixel * across;
  let tap = column / params.groups;
  let slice = place.y * params.stride + tap * params.dilation - params.before;
  var value = X();
  // Before the first slice it has wrapped.
  if (slice < params.depth) {
    let at = (place.z * params.depth + slice) * params.pixels + pixel;
    value = x[at * params.pitch + params.start + column - tap * params.groups];
  }
  wide[(place.z * params.slices + place.y) * row + place.x] = value;
}

@compute @workgroup_size(WORKGROUP)
fn gather(@builtin(global_invocation_id) id: vec3<u32>) {
  let place = placeOf(id, params.pixels * params.groups, params.depth);
  if (place.x >= params.pixels * params.groups || (FOLDED && place.z >= params.batch)) { return; }
  let pixel = place.x / params.groups;
  let group = place.x - pixel * params.groups;
  let across = params.kernel * params.groups;
  var sum = V();
  if (BIAS) { sum = bias[group]; }
  for (var tap = 0u; tap < params.kernel; tap++) {
    let reach = place.y + params.before - tap * params.dilation;
    let slice = reach / params.stride;
    if (reach - slice * params.stride == 0u && slice < params.slices) {
      sum += V(apart[((place.z * params.slices + slice) * params.pixels + pixel) * across + tap * params.groups + group]);
    }
  }
  // max() would lose NaN.
  if (RELU) { sum = select(sum, V(), sum < V()); }
  y[((place.z * params.depth + place.y) * params.pixels + pixel) * params.pitch + params.start + group] = X(sum);
}
