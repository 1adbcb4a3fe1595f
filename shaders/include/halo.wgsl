// Tiles of ROWS×8 output pixels, and where the input pixels around them lie. Wants params and ROWS.

struct Tile {
  image: u32,
  oy: u32,
  ox: u32,
}

fn locate(tile: u32) -> Tile {
  let line = tile / params.tilesX;
  let image = line / params.tilesY;
  return Tile(image, (line - image * params.tilesY) * ROWS, (tile - line * params.tilesX) * 8u);
}

struct Source {
  at: u32,
  // all bits, or none outside the image
  inside: u32,
}

// Row r, column c of the pixels that the tile reads, `pitch` apart; outside the image the nearest one in it.
fn source(t: Tile, r: u32, c: u32, pitch: u32) -> Source {
  let row = i32(t.oy + r) + params.originY;
  let column = i32(t.ox + c) + params.originX;
  let y = clamp(row, 0, i32(params.inHeight) - 1);
  let x = clamp(column, 0, i32(params.inWidth) - 1);
  let at = ((t.image * params.inHeight + u32(y)) * params.inWidth + u32(x)) * pitch;
  return Source(at, select(0u, 0xffffffffu, (row == y) & (column == x)));
}
