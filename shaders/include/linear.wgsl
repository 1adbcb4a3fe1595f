// An invocation's number in a grid of `linearGrid`. Wants WORKGROUP.
fn index(id: vec3<u32>) -> u32 {
  return id.x + id.y * 65535u * WORKGROUP;
}
