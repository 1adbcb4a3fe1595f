// Transforms after the products of the Winograd convolution F(4×4, 3×3): see winograd4.spread.wgsl. The gradients are
// the adjoint of the whole: with the gradient of y spread once, A dy Aᵀ, the gradient of g is Gᵀ(Σ (Bᵀ d B) ∘ …)G over
// the tiles, and that of d is B((G g Gᵀ) ∘ …)Bᵀ, whose tiles of 6×6 overlap by two.
// @include linear
// @include winograd
// @include winogradGather

const LOW: f32 = 0.7071067811865476;
const HIGH: f32 = 1.4142135623730951;

struct Three { a: T, b: T, c: T }
struct Four { a: T, b: T, c: T, d: T }

// Aᵀ
fn gatherOutput(a: T, b: T, c: T, d: T, e: T, f: T) -> Four {
  let p = b + c;
  let q = LOW * (b - c);
  let r = d + e;
  let s = HIGH * (d - e);
  return Four(a + p + r, q + s, 0.5 * p + 2.0 * r, 0.5 * q + 2.0 * s + f);
}

// Gᵀ
fn gatherWeight(a: T, b: T, c: T, d: T, e: T, f: T) -> Three {
  let p = (-2.0 / 3.0) * (b + c);
  let q = (1.0 / 6.0) * (d + e);
  let odd = (-2.0 / 3.0 * LOW) * (b - c) + (1.0 / 6.0 * HIGH) * (d - e);
  return Three(a + p + q, odd, 0.5 * p + 2.0 * q + f);
}

// Rows 1 to 4 of B, with the last row of the tile before and the first of the one after, which reach rows 1 and 4.
fn gatherInput(before: T, a: T, b: T, c: T, d: T, e: T, f: T, after: T) -> Four {
  let p = b + c;
  let q = LOW * (b - c);
  let r = d + e;
  let s = HIGH * (d - e);
  return Four(before - 2.0 * q - 0.5 * s + f, -2.5 * a - 2.0 * p - 0.5 * r, q + s - 2.5 * f, a + p + r + after);
}

fn outputColumn(at: u32, plane: u32) -> Four {
  return gatherOutput(
    products[at], products[at + plane], products[at + 2u * plane],
    products[at + 3u * plane], products[at + 4u * plane], products[at + 5u * plane],
  );
}

struct Columns { a: Line, b: Line, c: Line, d: Line }

fn storeRow(v: Four, row: Line, x: Columns) {
  storePixel(v.a, row, x.a);
  storePixel(v.b, row, x.b);
  storePixel(v.c, row, x.c);
  storePixel(v.d, row, x.d);
}

fn storeOutputs(v: Four, start: T, row: Line, x: Columns) {
  storeRow(Four(finished(v.a, start), finished(v.b, start), finished(v.c, start), finished(v.d, start)), row, x);
}

fn yLine(t: Tile, i: i32) -> Line {
  let stride = params.yWidth * params.yChannels;
  let line = lineAt(i, params.yHeight, stride);
  return Line(line.at + t.number * params.yHeight * stride + t.channel, line.inside);
}

// The output of a convolution.
fn gatherTile(i: u32) {
  let plane = params.yPlane;
  let pixel = params.yChannels;
  let t = locate(i, pixel, params.tilesY, params.tilesX, false);
  let x = Columns(
    lineAt(t.x * 4, params.yWidth, pixel), lineAt(t.x * 4 + 1, params.yWidth, pixel),
    lineAt(t.x * 4 + 2, params.yWidth, pixel), lineAt(t.x * 4 + 3, params.yWidth, pixel),
  );
  var start = T();
  if (params.hasBias == 1u) { start = bias[t.channel]; }
  let top = t.y * 4;
  if (ROLLED) {
    var a = Four(); var b = Four(); var c = Four(); var d = Four(); var e = Four(); var f = Four();
    for (var at = i; at < i + 36u * plane; at += 6u * plane) {
      a = b; b = c; c = d; d = e; e = f;
      f = outputColumn(at, plane);
    }
    var p = gatherOutput(a.a, b.a, c.a, d.a, e.a, f.a);
    var q = gatherOutput(a.b, b.b, c.b, d.b, e.b, f.b);
    var r = gatherOutput(a.c, b.c, c.c, d.c, e.c, f.c);
    let s = gatherOutput(a.d, b.d, c.d, d.d, e.d, f.d);
    for (var line = top; line < top + 4; line++) {
      storeOutputs(p, start, yLine(t, line), x);
      p = q; q = r; r = s;
    }
    return;
  }
  let a = outputColumn(i, plane);
  let b = outputColumn(i + 6u * plane, plane);
  let c = outputColumn(i + 12u * plane, plane);
  let d = outputColumn(i + 18u * plane, plane);
  let e = outputColumn(i + 24u * plane, plane);
  let f = outputColumn(i + 30u * plane, plane);
  storeOutputs(gatherOutput(a.a, b.a, c.a, d.a, e.a, f.a), start, yLine(t, top), x);
  storeOutputs(gatherOutput(a.b, b.b, c.b, d.b, e.b, f.b), start, yLine(t, top + 1), x);
  storeOutputs(gatherOutput(a.c, b.c, c.c, d.c, e.c, f.c), start, yLine(t, top + 2), x);
  storeOutputs(gatherOutput(a.d, b.d, c.d, d.d, e.d, f.d), start, yLine(t, top + 3), x);
}

fn weightColumn(at: u32, plane: u32) -> Three {
  return gatherWeight(
    sums[at], sums[at + plane], sums[at + 2u * plane],
    sums[at + 3u * plane], sums[at + 4u * plane], sums[at + 5u * plane],
  );
}

fn gatherTaps(i: u32) {
  let plane = params.pairPlane;
  if (ROLLED) {
    var a = Three(); var b = Three(); var c = Three(); var d = Three(); var e = Three(); var f = Three();
    for (var at = i; at < i + 36u * plane; at += 6u * plane) {
      a = b; b = c; c = d; d = e; e = f;
      f = weightColumn(at, plane);
    }
    var p = gatherWeight(a.a, b.a, c.a, d.a, e.a, f.a);
    var q = gatherWeight(a.b, b.b, c.b, d.b, e.b, f.b);
    let r = gatherWeight(a.c, b.c, c.c, d.c, e.c, f.c);
    for (var at = i; at < i + 9u * params.pairs; at += 3u * params.pairs) {
      storeTaps(p, at);
      p = q; q = r;
    }
    return;
  }
  let a = weightColumn(i, plane);
  let b = weightColumn(i + 6u * plane, plane);
  let c = weightColumn(i + 12u * plane, plane);
  let d = weightColumn(i + 18u * plane, plane);
  let e = weightColumn(i + 24u * plane, plane);
  let f = weightColumn(i + 30u * plane, plane);
  storeTaps(gatherWeight(a.a, b.a, c.a, d.a, e.a, f.a), i);
  storeTaps(gatherWeight(a.b, b.b, c.b, d.b, e.b, f.b), i + 3u * params.pairs);
  storeTaps(gatherWeight(a.c, b.c, c.c, d.c, e.c, f.c), i + 6u * params.pairs);
}

fn inputColumn(y: Tiles, x: Line, column: u32) -> Four {
  let p = 6u * column;
  return gatherInput(
    product(y.before, x, p + 5u),
    product(y.own, x, p), product(y.own, x, p + 1u), product(y.own, x, p + 2u),
    product(y.own, x, p + 3u), product(y.own, x, p + 4u), product(y.own, x, p + 5u),
    product(y.after, x, p),
  );
}

// @include winogradLine

// The gradient of the input in a block of 4×4 pixels: rows and columns 1 to 4 of one tile.
fn gatherBlock(i: u32) {
  let pixel = params.xChannels;
  let place = locate(i, pixel, params.blocksY, params.blocksX, false);
  let t = Tile(place.number, place.y + params.firstBlock, place.x + params.firstBlock, place.channel);
  let stride = params.tilesX * pixel;
  let rows = tilesAt(t.y, params.tilesY, stride, t.number * params.tilesY * stride + t.channel);
  let columns = tilesAt(t.x, params.tilesX, pixel, 0u);
  let left = t.x * 4 + 1 - params.padding;
  let x = Columns(
    lineAt(left, params.xWidth, pixel), lineAt(left + 1, params.xWidth, pixel),
    lineAt(left + 2, params.xWidth, pixel), lineAt(left + 3, params.xWidth, pixel),
  );
  let top = t.y * 4 + 1 - params.padding;
  let z = inputColumn(rows, columns.before, 5u);
  let g = inputColumn(rows, columns.after, 0u);
  var a = Four(); var b = Four(); var c = Four(); var d = Four(); var e = Four(); var f = Four();
  for (var own = 0u; own * params.xPlane < 6u * params.xPlane; own++) {
    a = b; b = c; c = d; d = e; e = f;
    f = inputColumn(rows, columns.own, own);
  }
  var p = gatherInput(z.a, a.a, b.a, c.a, d.a, e.a, f.a, g.a);
  var q = gatherInput(z.b, a.b, b.b, c.b, d.b, e.b, f.b, g.b);
  var r = gatherInput(z.c, a.c, b.c, c.c, d.c, e.c, f.c, g.c);
  let s = gatherInput(z.d, a.d, b.d, c.d, d.d, e.d, f.d, g.d);
  for (var line = top; line < top + 4; line++) {
    storeRow(p, xLine(t, line), x);
    p = q; q = r; r = s;
  }
}
