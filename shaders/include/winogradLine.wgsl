// Wants params and what include/winograd.wgsl declares.
fn xLine(t: Tile, i: i32) -> Line {
  let stride = params.xWidth * params.xChannels;
  let line = lineAt(i, params.xHeight, stride);
  return Line(line.at + t.number * params.xHeight * stride + t.channel, line.inside);
}
