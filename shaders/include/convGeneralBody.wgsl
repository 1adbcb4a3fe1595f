// What the forms of the general convolution share; each says what a Place is, and how it fetches, weighs and stores.
fn begin(place: Place) -> vec4<f32> {
  return select(vec4<f32>(), biasOf(place), params.hasBias == 1u);
}

// max() would lose NaN.
fn finish(v: vec4<f32>) -> vec4<f32> {
  return select(v, vec4<f32>(), (v < vec4<f32>()) & vec4<bool>(params.relu == 1u));
}

// Index of the input's pixel, negative outside the image.
fn pixelAt(line: i32, column: i32) -> i32 {
  return select(-1, line + column, (column >= 0) & (column < params.inWidth));
}

// Four pixels of output row `row` from column `ox` on.
fn compute(place: Place, image: i32, ty: Taps, tx: Taps, row: u32, ox: i32) {
  let next = params.pixelStep;
  let start = begin(place);
  var a0 = start;
  var a1 = start;
  var a2 = start;
  var a3 = start;
  for (var phase = 0; phase < params.phases; phase++) {
    let firstColumn = tx.start + phase * params.dilationX;
    var count = tx.count;
    if (phase > 0) { count = (params.kernelWidth - phase + params.stepX - 1) / params.stepX; }
    for (var k = 0u; k < depth(); k++) {
      for (var qy = 0; qy < ty.count; qy++) {
        let iy = ty.start + qy * ty.reach;
        if (iy < 0 || iy >= params.inHeight) { continue; }
        let line = (image * params.inHeight + iy) * params.inWidth;
        let taps = (ty.first + qy * ty.by) * params.kernelWidth + tx.first + phase;
        var v0 = vec4<f32>();
        var v1 = vec4<f32>();
        var v2 = vec4<f32>();
        var v3 = vec4<f32>();
        if (SLIDE) {
          v1 = fetch(place, pixelAt(line, firstColumn), k);
          v2 = fetch(place, pixelAt(line, firstColumn + next), k);
          v3 = fetch(place, pixelAt(line, firstColumn + 2 * next), k);
        }
        for (var qx = 0; qx < count; qx++) {
          let column = firstColumn + qx * tx.reach;
          if (SLIDE) {
            v0 = v1;
            v1 = v2;
            v2 = v3;
          } else {
            v0 = fetch(place, pixelAt(line, column), k);
            v1 = fetch(place, pixelAt(line, column + next), k);
            v2 = fetch(place, pixelAt(line, column + 2 * next), k);
          }
          v3 = fetch(place, pixelAt(line, column + 3 * next), k);
          let weight = weightOf(place, u32(taps + qx * tx.by), k);
          a0 += weight * v0;
          a1 += weight * v1;
          a2 += weight * v2;
          a3 += weight * v3;
        }
      }
    }
  }
  let line = row * u32(params.outWidth);
  store(place, finish(a0), line, ox);
  store(place, finish(a1), line, ox + params.apart);
  store(place, finish(a2), line, ox + 2 * params.apart);
  store(place, finish(a3), line, ox + 3 * params.apart);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * 65535u * WORKGROUP;
  if (index >= params.count) { return; }
  let tile = index / params.blocks;
  let place = placeOf(index - tile * params.blocks);
  let part = tile / params.tiles;
  let row = part / params.classes;
  let image = i32(row) / params.outHeight;
  let oy = i32(row) - image * params.outHeight;
  let step = 4 * params.apart;
  let first = i32(tile - part * params.tiles) * params.span * step + i32(part - row * params.classes);
  let p = params;
  let ty = tapsOf(oy, p.kernelHeight, p.strideY, p.dilationY, p.offsetY, p.upY, p.stepY);
  var tx = tapsOf(first, p.kernelWidth, p.strideX, p.dilationX, p.offsetX, p.upX, p.stepX);
  let end = min(first + params.span * step, params.outWidth);
  for (var ox = first; ox < end; ox += step) {
    compute(place, image, ty, tx, row, ox);
    tx.start += 4 * params.pixelStep;
  }
}
