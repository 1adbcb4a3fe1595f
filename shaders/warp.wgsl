// Moves images, their labels and their lines by one affine matrix per image: output pixel (x, y) takes its value from
// input point (m0·x + m1·y + m2, m3·x + m4·y + m5), pixel centres at integers; images and labels also from a point
// displaced from there, each pixel by a vector of its own.
override WORKGROUP: u32 = 64u;

struct Params {
  batch: u32,
  height: i32,
  width: i32,
  channels: i32,
  // images · lines each, and lines each
  lineCount: u32,
  linesEach: u32,
  // Label of what lies outside the input.
  outside: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> matrices: array<f32>;
// By image: gain, offset.
@group(0) @binding(3) var<storage, read> gainOffset: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read> lines: array<f32>;
@group(0) @binding(6) var<storage, read> mask: array<f32>;
@group(0) @binding(7) var<storage, read_write> moved: array<f32>;
@group(0) @binding(8) var<storage, read> labels: array<u32>;
@group(0) @binding(9) var<storage, read_write> movedLabels: array<u32>;
// By output pixel: along x, along y.
@group(0) @binding(10) var<storage, read> displacement: array<f32>;

// @include nan
// @include place

// gain·value + offset of an input pixel, 0 outside.
fn pixel(image: u32, row: i32, column: i32, channel: i32) -> f32 {
  let inside = row >= 0 && row < params.height && column >= 0 && column < params.width;
  let at = ((i32(image) * params.height + row) * params.width + column) * params.channels + channel;
  let v = x[select(0, at, inside)];
  return select(0.0, v * gainOffset[2u * image] + gainOffset[2u * image + 1u], inside);
}

// Where an output pixel reads.
fn pointOf(image: u32, row: u32, column: i32) -> vec2<f32> {
  let m = 6u * image;
  let c = f32(column);
  let r = f32(row);
  return vec2<f32>(
    matrices[m] * c + matrices[m + 1u] * r + matrices[m + 2u],
    matrices[m + 3u] * c + matrices[m + 4u] * r + matrices[m + 5u],
  );
}

// Far points are as empty as near ones, and fit an integer.
fn nearby(point: vec2<f32>) -> vec2<f32> {
  return clamp(point, vec2<f32>(-2), vec2<f32>(f32(params.width), f32(params.height)) + 1);
}

// How far from there an output pixel reads that is displaced.
fn displaced(image: u32, row: u32, column: i32) -> vec2<f32> {
  let at = 2u * ((image * u32(params.height) + row) * u32(params.width) + u32(column));
  return pointOf(image, row, column) + vec2<f32>(displacement[at], displacement[at + 1u]);
}

// Whether a place is one of the output's, whose columns have `channels` values.
fn isPlace(place: vec3<u32>, channels: i32) -> bool {
  return i32(place.x) / channels < params.width && !(FOLDED && place.z >= params.batch);
}

// Of channel `channel` at a point, bilinear.
fn pixelAt(point: vec2<f32>, image: u32, channel: i32) -> f32 {
  let near = nearby(point);
  let corner = vec2<i32>(floor(near));
  let part = near - floor(near);
  let upper = mix(
    pixel(image, corner.y, corner.x, channel),
    pixel(image, corner.y, corner.x + 1, channel),
    part.x,
  );
  let lower = mix(
    pixel(image, corner.y + 1, corner.x, channel),
    pixel(image, corner.y + 1, corner.x + 1, channel),
    part.x,
  );
  // what is read from nowhere is NaN, though clamped to a place
  let nowhere = isNaN(point.x) || isNaN(point.y);
  return select(mix(upper, lower, part.y), point.x + point.y, nowhere);
}

// The label of the input pixel whose centre is nearest, of equally near ones the later; halves are exact, so that
// every adapter takes the same.
fn labelAt(point: vec2<f32>, image: u32) -> u32 {
  let low = floor(nearby(point));
  let nearest = vec2<i32>(low + select(vec2<f32>(), vec2<f32>(1), nearby(point) - low >= vec2<f32>(0.5)));
  let inside = all(nearest >= vec2<i32>()) && nearest.x < params.width && nearest.y < params.height;
  let v = labels[select(0, (i32(image) * params.height + nearest.y) * params.width + nearest.x, inside)];
  // what is read from nowhere is nothing
  let somewhere = inside && !isNaN(point.x) && !isNaN(point.y);
  return select(params.outside, v, somewhere);
}

fn outputOf(place: vec3<u32>, channels: i32) -> u32 {
  return (place.z * u32(params.height) + place.y) * u32(params.width * channels) + place.x;
}

@compute @workgroup_size(WORKGROUP)
fn image(@builtin(global_invocation_id) id: vec3<u32>) {
  let place = placeOf(id, u32(params.width * params.channels), u32(params.height));
  if (!isPlace(place, params.channels)) { return; }
  let point = pointOf(place.z, place.y, i32(place.x) / params.channels);
  y[outputOf(place, params.channels)] = pixelAt(point, place.z, i32(place.x) % params.channels);
}

@compute @workgroup_size(WORKGROUP)
fn imageDisplaced(@builtin(global_invocation_id) id: vec3<u32>) {
  let place = placeOf(id, u32(params.width * params.channels), u32(params.height));
  if (!isPlace(place, params.channels)) { return; }
  let point = displaced(place.z, place.y, i32(place.x) / params.channels);
  y[outputOf(place, params.channels)] = pixelAt(point, place.z, i32(place.x) % params.channels);
}

@compute @workgroup_size(WORKGROUP)
fn label(@builtin(global_invocation_id) id: vec3<u32>) {
  let place = placeOf(id, u32(params.width), u32(params.height));
  if (!isPlace(place, 1)) { return; }
  let point = pointOf(place.z, place.y, i32(place.x));
  movedLabels[outputOf(place, 1)] = labelAt(point, place.z);
}

@compute @workgroup_size(WORKGROUP)
fn labelDisplaced(@builtin(global_invocation_id) id: vec3<u32>) {
  let place = placeOf(id, u32(params.width), u32(params.height));
  if (!isPlace(place, 1)) { return; }
  let point = displaced(place.z, place.y, i32(place.x));
  movedLabels[outputOf(place, 1)] = labelAt(point, place.z);
}

// a·x + b·y + d = 0 of the input image as seen in the output image, a² + b² = 1; 0 where the mask is 0.
@compute @workgroup_size(WORKGROUP)
fn line(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x + id.y * 65535u * WORKGROUP;
  if (i >= params.lineCount) { return; }
  let m = 6u * (i / params.linesEach);
  let at = 3u * i;
  let normal = vec2<f32>(lines[at], lines[at + 1u]);
  let a = dot(normal, vec2<f32>(matrices[m], matrices[m + 3u]));
  let b = dot(normal, vec2<f32>(matrices[m + 1u], matrices[m + 4u]));
  let d = dot(normal, vec2<f32>(matrices[m + 2u], matrices[m + 5u])) + lines[at + 2u];
  let size = length(vec2<f32>(a, b));
  // not by size > 0: what NaN makes stays NaN
  let there = mask[i] != 0 && !(size == 0);
  moved[at] = select(0, a / size, there);
  moved[at + 1u] = select(0, b / size, there);
  moved[at + 2u] = select(0, d / size, there);
}
