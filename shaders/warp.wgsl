// Moves images and their lines by one affine matrix per image: output pixel (x, y) takes its value from input point
// (m0·x + m1·y + m2, m3·x + m4·y + m5), pixel centres at integers.
override WORKGROUP: u32 = 64u;

struct Params {
  batch: u32,
  height: i32,
  width: i32,
  channels: i32,
  // images · lines each, and lines each
  lineCount: u32,
  linesEach: u32,
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

// @include nan
// @include place

// gain·value + offset of an input pixel, 0 outside.
fn pixel(image: u32, row: i32, column: i32, channel: i32) -> f32 {
  let inside = row >= 0 && row < params.height && column >= 0 && column < params.width;
  let at = ((i32(image) * params.height + row) * params.width + column) * params.channels + channel;
  let v = x[select(0, at, inside)];
  return select(0.0, v * gainOffset[2u * image] + gainOffset[2u * image + 1u], inside);
}

@compute @workgroup_size(WORKGROUP)
fn image(@builtin(global_invocation_id) id: vec3<u32>) {
  let place = placeOf(id, u32(params.width * params.channels), u32(params.height));
  let column = i32(place.x) / params.channels;
  if (column >= params.width || (FOLDED && place.z >= params.batch)) { return; }
  let channel = i32(place.x) % params.channels;
  let m = 6u * place.z;
  let c = f32(column);
  let r = f32(place.y);
  let point = vec2<f32>(
    matrices[m] * c + matrices[m + 1u] * r + matrices[m + 2u],
    matrices[m + 3u] * c + matrices[m + 4u] * r + matrices[m + 5u],
  );
  // far points are as empty as near ones, and fit an integer
  let near = clamp(point, vec2<f32>(-2), vec2<f32>(f32(params.width), f32(params.height)) + 1);
  let corner = vec2<i32>(floor(near));
  let part = near - floor(near);
  let upper = mix(
    pixel(place.z, corner.y, corner.x, channel),
    pixel(place.z, corner.y, corner.x + 1, channel),
    part.x,
  );
  let lower = mix(
    pixel(place.z, corner.y + 1, corner.x, channel),
    pixel(place.z, corner.y + 1, corner.x + 1, channel),
    part.x,
  );
  let at = (place.z * u32(params.height) + place.y) * u32(params.width * params.channels) + place.x;
  // what is read from nowhere is NaN, though clamped to a place
  let nowhere = isNaN(point.x) || isNaN(point.y);
  y[at] = select(mix(upper, lower, part.y), point.x + point.y, nowhere);
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
