// Images altered pixel by pixel: taken from other places, or mapped by a curve of each image. One element an invocation.
override WORKGROUP: u32 = 64u;

struct Params {
  count: u32,
  // Pixels of an image of y, and of one of x where that may be of another size.
  area: u32,
  source: u32,
  channels: u32,
  // Values of a curve.
  knots: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
// By pixel: that of its image whose value it takes.
@group(0) @binding(2) var<storage, read> places: array<u32>;
// By image: the intensities of the curve's ends.
@group(0) @binding(3) var<storage, read> range: array<f32>;
@group(0) @binding(4) var<storage, read> curve: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

// @include nan

@compute @workgroup_size(WORKGROUP)
fn gather(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x + id.y * 65535u * WORKGROUP;
  if (i >= params.count) { return; }
  let pixel = i / params.channels;
  let image = pixel / params.area;
  let place = places[pixel];
  let inside = place < params.source;
  let at = (image * params.source + place) * params.channels + i % params.channels;
  y[i] = select(0.0, x[select(0u, at, inside)], inside);
}

@compute @workgroup_size(WORKGROUP)
fn map(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x + id.y * 65535u * WORKGROUP;
  if (i >= params.count) { return; }
  let image = i / (params.channels * params.area);
  let v = x[i];
  let low = range[2u * image];
  let high = range[2u * image + 1u];
  // clamped before it is scaled, so that infinity is an end
  let part = (clamp(v, low, max(low, high)) - low) / select(1.0, high - low, high > low);
  let along = clamp(part, 0.0, 1.0) * f32(params.knots - 1u);
  let knot = min(u32(along), params.knots - 2u);
  let at = image * params.knots + knot;
  let mapped = mix(curve[at], curve[at + 1u], along - f32(knot));
  y[i] = select(mapped, v, isNaN(v) || low >= high);
}
