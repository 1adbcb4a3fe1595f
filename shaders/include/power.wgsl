// Powers of what lies from 0 on (include special).
fn raised4(base: vec4<f32>, exponent: f32) -> vec4<f32> {
  if (floor(exponent) == exponent && abs(exponent) <= 32.0) { return wholePower4(base, exponent); }
  return power4(base, vec4(exponent));
}

// The derivative of raised4; 0 at 0, where that of roots is infinite.
fn raisedSlope4(base: vec4<f32>, exponent: f32) -> vec4<f32> {
  if (exponent == 0.0) { return vec4<f32>(); }
  return exponent * select(raised4(base, exponent - 1.0), vec4<f32>(), (base == vec4<f32>()) & vec4(exponent < 1.0));
}
