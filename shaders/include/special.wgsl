// Functions of four floats that hold for every float on every driver: some compare, clamp, or take exponentials and
// logarithms of NaN, infinities and numbers outside the domain as if they were ordinary ones.

// By their bits: comparisons of a float with itself may be taken for true.
fn isNaN4(v: vec4<f32>) -> vec4<bool> {
  return (bitcast<vec4<u32>>(v) & vec4(0x7fffffffu)) > vec4(0x7f800000u);
}

fn isFinite4(v: vec4<f32>) -> vec4<bool> {
  return (bitcast<vec4<u32>>(v) & vec4(0x7fffffffu)) < vec4(0x7f800000u);
}

// Variables, since WGSL has no constants that are not finite.
fn infinity() -> f32 {
  var bits = 0x7f800000u;
  return bitcast<f32>(bits);
}

fn notANumber() -> f32 {
  var bits = 0x7fc00000u;
  return bitcast<f32>(bits);
}

// No comparison with NaN holds: it is not below infinity either.
fn exp4(v: vec4<f32>) -> vec4<f32> {
  return select(v, exp(v), v <= vec4(infinity()));
}

fn log4(v: vec4<f32>) -> vec4<f32> {
  var result = select(v, log(v), v < vec4(infinity()));
  result = select(result, vec4(-infinity()), v == vec4<f32>());
  return select(result, vec4(notANumber()), v < vec4<f32>());
}

// Overflows to NaN in some drivers for large arguments.
fn tanh4(v: vec4<f32>) -> vec4<f32> {
  return select(tanh(clamp(v, vec4(-15.0), vec4(15.0))), v, isNaN4(v));
}

fn sigmoid4(v: vec4<f32>) -> vec4<f32> {
  return vec4(1.0) / (vec4(1.0) + exp4(-v));
}

// log(1 + exp(v)): what exp adds to 1 is not lost where it is small.
fn softplus4(v: vec4<f32>) -> vec4<f32> {
  let e = exp4(-abs(v));
  let series = e * (1.0 - e * (0.5 - e * (1.0 / 3.0 - e * 0.25)));
  return select(v, vec4<f32>(), v <= vec4<f32>()) + select(log(1.0 + e), series, e < vec4(0.0078125));
}

// exp(v) − 1 for v ≤ 0.
fn expLessOne4(v: vec4<f32>) -> vec4<f32> {
  let series = v * (1.0 + v * (0.5 + v * (1.0 / 6.0 + v * (1.0 / 24.0))));
  return select(exp4(v) - 1.0, series, v > vec4(-0.03125));
}

// The standard normal distribution function. erfc(z) = t·exp(−z² + P(t)), t = 1/(1 + z/2), for z ≥ 0; P is a Chebyshev
// fit to 3e-8.
fn normalCdf4(v: vec4<f32>) -> vec4<f32> {
  let z = abs(v) * 0.70710678;
  let t = 1.0 / (1.0 + 0.5 * z);
  var sum = t * 0.105804947 - 0.462426515;
  sum = sum * t + 0.628178156;
  sum = sum * t + 0.030091703;
  sum = sum * t - 0.703473072;
  sum = sum * t + 0.346652561;
  sum = sum * t - 0.088753331;
  sum = sum * t + 0.413957130;
  sum = sum * t + 0.995235988;
  sum = sum * t - 1.265267541;
  let tail = 0.5 * t * exp(sum - z * z);
  return select(select(1.0 - tail, tail, v < vec4<f32>()), v, isNaN4(v));
}

fn normalDensity4(v: vec4<f32>) -> vec4<f32> {
  return 0.39894228 * exp4(-0.5 * v * v);
}

// sin(v + quarters·π/2). Multiples of π/2 are taken off in three parts, exactly up to 2^16 of them.
fn sine4(v: vec4<f32>, quarters: u32) -> vec4<f32> {
  let turns = round(v * 0.63661977);
  let rest = ((v - turns * 1.5703125) - turns * 4.83751297e-4) - turns * 7.54979e-8;
  let squared = rest * rest;
  let sine = rest + rest * squared * (-1.0 / 6.0 + squared * (1.0 / 120.0 + squared * (-1.0 / 5040.0 + squared * (1.0 / 362880.0))));
  let cosine = 1.0 + squared * (-0.5 + squared * (1.0 / 24.0 + squared * (-1.0 / 720.0 + squared * (1.0 / 40320.0 - squared * (1.0 / 3628800.0)))));
  let quarter = (bitcast<vec4<u32>>(vec4<i32>(turns)) + vec4(quarters)) & vec4(3u);
  let value = select(sine, cosine, (quarter & vec4(1u)) == vec4(1u));
  let turned = select(value, -value, quarter > vec4(1u));
  let far = select(sin(v), cos(v), quarters == 1u);
  return select(select(turned, far, abs(v) > vec4(1e5)), vec4(notANumber()), !isFinite4(v));
}

// Products of a base with itself, for whole exponents of few.
fn wholePower4(base: vec4<f32>, exponent: f32) -> vec4<f32> {
  var result = vec4(1.0);
  var factor = base;
  for (var n = u32(abs(exponent)); n > 0u; n >>= 1u) {
    if ((n & 1u) == 1u) { result *= factor; }
    factor *= factor;
  }
  return select(result, 1.0 / result, exponent < 0.0);
}

// base to the power `exponent` by C's rules for signs, zeros, infinities and NaN.
fn power4(base: vec4<f32>, exponent: vec4<f32>) -> vec4<f32> {
  let magnitude = abs(base);
  let whole = floor(exponent) == exponent;
  let odd = whole & (exponent - 2.0 * floor(exponent * 0.5) == vec4(1.0));
  let negative = (bitcast<vec4<u32>>(base) >> vec4(31u)) == vec4(1u);
  var result = exp4(exponent * log4(magnitude));
  result = select(result, vec4(1.0), magnitude == vec4(1.0));
  result = select(result, -result, negative & odd);
  result = select(result, vec4(notANumber()), (base < vec4<f32>()) & isFinite4(base) & !whole);
  result = select(result, vec4(notANumber()), isNaN4(base) | isNaN4(exponent));
  return select(result, vec4(1.0), (exponent == vec4<f32>()) | (base == vec4(1.0)));
}
