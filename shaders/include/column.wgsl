// Where a strip of a column lies in [outer, reduced, inner]. Wants params.

// Offset of the first element of the column that result i belongs to, and the number of its strip.
fn place(i: u32) -> vec2<u32> {
  let outer = i / (params.parts * params.inner);
  return vec2(outer * params.reduced * params.inner + i % params.inner, i / params.inner % params.parts);
}
