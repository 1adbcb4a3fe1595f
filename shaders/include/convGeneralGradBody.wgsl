// What the forms of the weight's gradient share: an invocation sums TAPS neighbouring taps of a row of the kernel over
// the rows of a strip; a row's sum first, then the rows', so that no chain of additions is long. Where the next pixel
// lies under a tap as this one under the next tap (SLIDE), the large image's values slide through the registers.
@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * 65535u * WORKGROUP;
  if (index >= params.invocations) { return; }
  let part = index / params.blocks;
  let place = placeOf(index % params.blocks, part % params.parts);
  let chunk = part / params.parts;
  let line = chunk / params.chunks;
  let ky = line % params.kernelHeight;
  let strip = line / params.kernelHeight;
  let kx = (chunk % params.chunks) * TAPS;
  let first = strip * params.rowsEach;
  let last = min(first + params.rowsEach, params.rows);
  let under = i32(kx + TAPS - 1u) * params.dilationX - params.left;
  var s0 = Sum();
  var s1 = Sum();
  var s2 = Sum();
  var s3 = Sum();
  for (var row = first; row < last; row++) {
    let image = i32(row) / params.smallHeight;
    let j = i32(row) - image * params.smallHeight;
    let iy = j * params.strideY + i32(ky) * params.dilationY - params.top;
    if (iy < 0 || iy >= params.largeHeight) { continue; }
    let large = (image * params.largeHeight + iy) * params.largeWidth;
    var r0 = Sum();
    var r1 = Sum();
    var r2 = Sum();
    var r3 = Sum();
    var v0 = vec4<f32>();
    var v1 = vec4<f32>();
    var v2 = vec4<f32>();
    var v3 = vec4<f32>();
    if (SLIDE) {
      v3 = largeAt(place, large, under - params.dilationX);
      v2 = largeAt(place, large, under - 2 * params.dilationX);
      v1 = largeAt(place, large, under - 3 * params.dilationX);
    }
    for (var column = 0; column < params.smallWidth; column++) {
      let d = smallAt(place, row * u32(params.smallWidth) + u32(column));
      let at = under + column * params.strideX;
      if (SLIDE) {
        v0 = v1;
        v1 = v2;
        v2 = v3;
      } else {
        if (TAPS > 1u) { v2 = largeAt(place, large, at - params.dilationX); }
        if (TAPS > 2u) { v1 = largeAt(place, large, at - 2 * params.dilationX); }
        if (TAPS > 3u) { v0 = largeAt(place, large, at - 3 * params.dilationX); }
      }
      v3 = largeAt(place, large, at);
      r3 += product(v3, d);
      if (TAPS > 1u) { r2 += product(v2, d); }
      if (TAPS > 2u) { r1 += product(v1, d); }
      if (TAPS > 3u) { r0 += product(v0, d); }
    }
    s0 += r0;
    s1 += r1;
    s2 += r2;
    s3 += r3;
  }
  let start = strip * params.count;
  let tap = ky * params.kernelWidth + kx;
  let rest = params.kernelWidth - kx;
  put(place, s3, start, tap + TAPS - 1u, TAPS - 1u < rest);
  if (TAPS > 1u) { put(place, s2, start, tap + TAPS - 2u, TAPS - 2u < rest); }
  if (TAPS > 2u) { put(place, s1, start, tap + TAPS - 3u, TAPS - 3u < rest); }
  if (TAPS > 3u) { put(place, s0, start, tap + TAPS - 4u, TAPS - 4u < rest); }
}
