// Transforms after the products of the Winograd convolution F(2×2, 3×3): see winograd2.spread.wgsl, and
// winograd4.gather.wgsl for the gradients as the adjoint of the whole.
// @include linear
// @include winograd
// @include winogradGather

struct Two { a: T, b: T }
struct Three { a: T, b: T, c: T }

// Aᵀ
fn gatherOutput(a: T, b: T, c: T, d: T) -> Two {
  return Two(a + b + c, b - c - d);
}

// Gᵀ
fn gatherWeight(a: T, b: T, c: T, d: T) -> Three {
  let p = 0.5 * (b + c);
  return Three(a + p, 0.5 * (b - c), p + d);
}

// Rows 1 and 2 of B, with the last row of the tile before and the first of the one after.
fn gatherInput(before: T, a: T, b: T, c: T, d: T, after: T) -> Two {
  return Two(b - c + d - before, b + c - a + after);
}

fn outputColumn(at: u32, plane: u32) -> Two {
  return gatherOutput(
    products[at], products[at + plane], products[at + 2u * plane], products[at + 3u * plane],
  );
}

fn yLine(t: Tile, dy: i32) -> Line {
  let stride = params.yWidth * params.yChannels;
  let line = lineAt(t.y * 2 + dy, params.yHeight, stride);
  return Line(line.at + t.number * params.yHeight * stride + t.channel, line.inside);
}

// The output of a convolution.
fn gatherTile(i: u32) {
  let plane = params.yPlane;
  let pixel = params.yChannels;
  let t = locate(i, pixel, params.tilesY, params.tilesX, false);
  let left = lineAt(t.x * 2, params.yWidth, pixel);
  let right = lineAt(t.x * 2 + 1, params.yWidth, pixel);
  var start = T();
  if (params.hasBias == 1u) { start = bias[t.channel]; }
  let a = outputColumn(i, plane);
  let b = outputColumn(i + 4u * plane, plane);
  let c = outputColumn(i + 8u * plane, plane);
  let d = outputColumn(i + 12u * plane, plane);
  let upper = gatherOutput(a.a, b.a, c.a, d.a);
  let lower = gatherOutput(a.b, b.b, c.b, d.b);
  let above = yLine(t, 0);
  let below = yLine(t, 1);
  storePixel(finished(upper.a, start), above, left);
  storePixel(finished(upper.b, start), above, right);
  storePixel(finished(lower.a, start), below, left);
  storePixel(finished(lower.b, start), below, right);
}

fn weightColumn(at: u32, plane: u32) -> Three {
  return gatherWeight(sums[at], sums[at + plane], sums[at + 2u * plane], sums[at + 3u * plane]);
}

fn gatherTaps(i: u32) {
  let plane = params.pairPlane;
  if (ROLLED) {
    var a = Three(); var b = Three(); var c = Three(); var d = Three();
    for (var at = i; at < i + 16u * plane; at += 4u * plane) {
      a = b; b = c; c = d;
      d = weightColumn(at, plane);
    }
    var p = gatherWeight(a.a, b.a, c.a, d.a);
    var q = gatherWeight(a.b, b.b, c.b, d.b);
    let r = gatherWeight(a.c, b.c, c.c, d.c);
    for (var at = i; at < i + 9u * params.pairs; at += 3u * params.pairs) {
      storeTaps(p, at);
      p = q; q = r;
    }
    return;
  }
  let a = weightColumn(i, plane);
  let b = weightColumn(i + 4u * plane, plane);
  let c = weightColumn(i + 8u * plane, plane);
  let d = weightColumn(i + 12u * plane, plane);
  storeTaps(gatherWeight(a.a, b.a, c.a, d.a), i);
  storeTaps(gatherWeight(a.b, b.b, c.b, d.b), i + 3u * params.pairs);
  storeTaps(gatherWeight(a.c, b.c, c.c, d.c), i + 6u * params.pairs);
}

fn inputColumn(y: Tiles, x: Line, column: u32) -> Two {
  let p = 4u * column;
  return gatherInput(
    product(y.before, x, p + 3u),
    product(y.own, x, p), product(y.own, x, p + 1u), product(y.own, x, p + 2u), product(y.own, x, p + 3u),
    product(y.after, x, p),
  );
}

fn xLine(t: Tile, dy: i32) -> Line {
  let stride = params.xWidth * params.xChannels;
  let line = lineAt(t.y * 2 + 1 - params.padding + dy, params.xHeight, stride);
  return Line(line.at + t.number * params.xHeight * stride + t.channel, line.inside);
}

// The gradient of the input in a block of 2×2 pixels: rows and columns 1 and 2 of one tile.
fn gatherBlock(i: u32) {
  let pixel = params.xChannels;
  let place = locate(i, pixel, params.blocksY, params.blocksX, false);
  let t = Tile(place.number, place.y + params.firstBlock, place.x + params.firstBlock, place.channel);
  let stride = params.tilesX * pixel;
  let rows = tilesAt(t.y, params.tilesY, stride, t.number * params.tilesY * stride + t.channel);
  let columns = tilesAt(t.x, params.tilesX, pixel, 0u);
  let left = lineAt(t.x * 2 + 1 - params.padding, params.xWidth, pixel);
  let right = lineAt(t.x * 2 + 2 - params.padding, params.xWidth, pixel);
  let z = inputColumn(rows, columns.before, 3u);
  var a = Two(); var b = Two(); var c = Two(); var d = Two();
  if (ROLLED) {
    for (var own = 0u; own * params.xPlane < 4u * params.xPlane; own++) {
      a = b; b = c; c = d;
      d = inputColumn(rows, columns.own, own);
    }
  } else {
    a = inputColumn(rows, columns.own, 0u);
    b = inputColumn(rows, columns.own, 1u);
    c = inputColumn(rows, columns.own, 2u);
    d = inputColumn(rows, columns.own, 3u);
  }
  let e = inputColumn(rows, columns.after, 0u);
  let upper = gatherInput(z.a, a.a, b.a, c.a, d.a, e.a);
  let lower = gatherInput(z.b, a.b, b.b, c.b, d.b, e.b);
  let above = xLine(t, 0);
  let below = xLine(t, 1);
  storePixel(upper.a, above, left);
  storePixel(upper.b, above, right);
  storePixel(lower.a, below, left);
  storePixel(lower.b, below, right);
}
