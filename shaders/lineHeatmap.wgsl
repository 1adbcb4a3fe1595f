// Gaussians along lines a·x + b·y + d = 0, and the squared error to them, rendered on the fly (paper §1).
// An invocation takes pixels p, p + parts, p + 2·parts … of one image and view.
// @variant E = f16
alias E = f32;
override WORKGROUP: u32 = 64u;

struct Params {
  // batch · parts · views
  count: u32,
  width: u32,
  pixels: u32,
  views: u32,
  parts: u32,
  // 1/(2σ²)
  falloff: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> lines: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<f32>;
@group(0) @binding(3) var<storage, read> prediction: array<E>;
@group(0) @binding(4) var<storage, read> weight: array<f32>;
@group(0) @binding(5) var<storage, read> dy: array<f32>;
@group(0) @binding(6) var<storage, read_write> partials: array<vec2<f32>>;
@group(0) @binding(7) var<storage, read_write> y: array<E>;

struct Strip {
  line: u32,
  pixel: u32,
  // Offset of the image's first value of this view.
  base: u32,
}

// @include nan

// @include linear

fn stripOf(i: u32) -> Strip {
  let view = i % params.views;
  let image = i / (params.views * params.parts);
  let base = image * params.pixels * params.views + view;
  return Strip(image * params.views + view, i / params.views % params.parts, base);
}

fn coefficients(line: u32) -> vec3<f32> {
  return vec3(lines[3u * line], lines[3u * line + 1u], lines[3u * line + 2u]);
}

fn rendered(line: vec3<f32>, pixel: u32) -> f32 {
  let row = pixel / params.width;
  let distance = dot(line, vec3(f32(pixel - row * params.width), f32(row), 1.0));
  // some drivers' exp makes a number of NaN
  return select(exp(-distance * distance * params.falloff), distance, isNaN(distance));
}

// Some drivers take NaN for equal to 0.
fn counts(w: f32) -> bool {
  return w != 0.0 || isNaN(w);
}

@compute @workgroup_size(WORKGROUP)
fn render(@builtin(global_invocation_id) id: vec3<u32>) {
  if (index(id) >= params.count) { return; }
  let strip = stripOf(index(id));
  let line = coefficients(strip.line);
  for (var pixel = strip.pixel; pixel < params.pixels; pixel += params.parts) {
    y[strip.base + pixel * params.views] = E(rendered(line, pixel));
  }
}

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  if (index(id) >= params.count) { return; }
  let strip = stripOf(index(id));
  let line = coefficients(strip.line);
  let w = mask[strip.line];
  var total = vec2<f32>();
  // An absent line may hold anything, NaN included.
  if (counts(w)) {
    for (var pixel = strip.pixel; pixel < params.pixels; pixel += params.parts) {
      let d = f32(prediction[strip.base + pixel * params.views]) - rendered(line, pixel);
      total += vec2(w * d * d, w);
    }
  }
  partials[index(id)] = total;
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  if (index(id) >= params.count) { return; }
  let strip = stripOf(index(id));
  let line = coefficients(strip.line);
  let w = mask[strip.line];
  let counted = counts(w);
  let scale = 2.0 * w * dy[0] / weight[0];
  for (var pixel = strip.pixel; pixel < params.pixels; pixel += params.parts) {
    let at = strip.base + pixel * params.views;
    y[at] = E(select(0.0, scale * (f32(prediction[at]) - rendered(line, pixel)), counted));
  }
}
