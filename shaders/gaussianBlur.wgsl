// Gaussian blur along one axis of images, each by a width of its own; edge pixels repeat outside.
override WORKGROUP: u32 = 64u;

struct Params {
  batch: u32,
  height: i32,
  width: i32,
  channels: i32,
  // Along the columns of a row, else along the rows.
  across: u32,
  mostRadius: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
// By image, pixels.
@group(0) @binding(2) var<storage, read> sigmas: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

// @include nan
// @include place

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let columns = params.width * params.channels;
  let place = placeOf(id, u32(columns), u32(params.height));
  if (i32(place.x) >= columns || (FOLDED && place.z >= params.batch)) { return; }
  let row = i32(place.y);
  let column = i32(place.x) / params.channels;
  let first = i32(place.z) * params.height * columns + i32(place.x) % params.channels;
  let own = x[first + row * columns + column * params.channels];
  let sigma = sigmas[place.z];
  // a width that is none leaves the pixel; NaN is no width either, but must show
  let wide = sigma > 0.0 && !isNaN(sigma);
  let radius = select(0, i32(min(ceil(3.0 * sigma), params.mostRadius)), wide);
  var sum = own;
  var total = 1.0;
  for (var step = 1; step <= radius; step++) {
    let far = f32(step) / sigma;
    let weight = exp(-0.5 * far * far);
    for (var side = -1; side <= 1; side += 2) {
      let there = select(
        vec2<i32>(clamp(row + side * step, 0, params.height - 1), column),
        vec2<i32>(row, clamp(column + side * step, 0, params.width - 1)),
        params.across == 1u,
      );
      sum += weight * x[first + there.x * columns + there.y * params.channels];
      total += weight;
    }
  }
  let at = first + row * columns + column * params.channels;
  y[at] = select(select(own, sum / total, radius > 0), notANumber(), isNaN(sigma));
}
