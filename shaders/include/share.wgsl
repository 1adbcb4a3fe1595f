// Elements of launches whose invocations each take several, params.invocations apart. Wants params and WORKGROUP.

// Of the invocation's; past the end for invocations there are too many of.
fn first(id: vec3<u32>) -> u32 {
  let i = id.x + id.y * 65535u * WORKGROUP;
  return select(params.quads, i, i < params.invocations);
}
