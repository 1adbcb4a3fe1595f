// First j with j·stride + shift >= limit.
fn firstAtLeast(limit: i32, shift: i32) -> i32 {
  return max(0, (limit - shift + params.stride - 1) / params.stride);
}
