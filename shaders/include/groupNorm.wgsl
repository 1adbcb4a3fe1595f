// What norms over groups and their gradients share. x is [outer, rows, groups, each]; a group is a row's `each`
// neighbours over all rows. V is f32 where groups · each is no multiple of four; X is what x is stored as.
struct Params {
  // Invocations, or groups in all where they are merged.
  lanes: u32,
  rows: u32,
  // Vs in a row.
  columns: u32,
  // Rows r, r + strips, r + 2·strips … are an invocation's.
  strips: u32,
  groups: u32,
  // Vs of a group in a row.
  span: u32,
  // How often the statistics of each group are stored: once, or for each of its columns.
  copies: u32,
  // Of one statistic: outer · groups · copies.
  slots: u32,
  // Elements of a group.
  count: f32,
  epsilon: f32,
}

// What x is divided by: its standard deviation about its mean, its root mean square, or a norm.
override KIND: u32 = 0u;
const CENTRED: u32 = 0u;
const RMS: u32 = 1u;
const L2: u32 = 2u;
const L1: u32 = 3u;
const LARGEST: u32 = 4u;
// Where all of a V's columns are of one group.
override SHARED: bool = false;
// Whether weight and bias belong to [rows, each]; otherwise to [groups, each].
override BY_ROW: bool = false;
override WEIGHT: bool = false;
override BIAS: bool = false;
override WORKGROUP: u32 = 64u;
override LANES: u32 = 1u;
// Rows added up before they join the total: rounding grows with the longest chain of additions.
const BLOCK: u32 = 64u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<X>;
@group(0) @binding(2) var<storage, read> weight: array<V>;
// Statistics as planes [3, outer, groups · copies]: of the centred kind a value near the mean, how far the mean is from
// it, and 1/√(variance + epsilon); of norms the norm, what the gradient loses through it, and what x is multiplied by.
@group(0) @binding(3) var<storage, read> byGroup: array<f32>;
@group(0) @binding(4) var<storage, read> byColumn: array<V>;

// Whose rows an invocation walks.
struct Place {
  outer: u32,
  strip: u32,
  column: u32,
  // Of the outer index's first row.
  start: u32,
}

fn placeOf(lane: u32) -> Place {
  let column = lane % params.columns;
  let outer = lane / (params.columns * params.strips);
  let strip = lane / params.columns % params.strips;
  return Place(outer, strip, column, outer * params.rows * params.columns + column);
}

struct Statistics {
  base: V,
  offset: V,
  inverse: V,
}

fn statisticsOf(place: Place) -> Statistics {
  if (SHARED) {
    let at = place.outer * params.groups + place.column / params.span;
    return Statistics(V(byGroup[at]), V(byGroup[at + params.slots]), V(byGroup[at + 2u * params.slots]));
  }
  let at = place.outer * params.columns + place.column;
  let plane = params.slots / 4u;
  return Statistics(byColumn[at], byColumn[at + plane], byColumn[at + 2u * plane]);
}

fn normalized(v: V, s: Statistics) -> V {
  if (KIND == CENTRED) { return ((v - s.base) - s.offset) * s.inverse; }
  return v * s.inverse;
}

// One invocation a group: it keeps what `mergedParts` makes of all strips.
@compute @workgroup_size(WORKGROUP)
fn mergeSerial(@builtin(global_invocation_id) id: vec3<u32>) {
  let group = index(id);
  if (group < params.lanes) { keep(group, mergedParts(group, 0u, 1u)); }
}
