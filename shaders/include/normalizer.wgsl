// What turns rows of params.channels `logits` into probabilities (needs isNaN): NaN where a row holds NaN or +∞, or
// −∞ alone.

// Some drivers' exp makes a number of NaN.
fn exponential(v: f32) -> f32 {
  return select(exp(v), v, isNaN(v));
}

// The largest logit of a row, and the logarithm of Σ exp(logit − largest).
fn normalizer(start: u32) -> vec2<f32> {
  let end = start + params.channels;
  var largest = f32(logits[start]);
  for (var i = start + 1u; i < end; i++) {
    let v = f32(logits[i]);
    largest = select(largest, v, (v > largest || isNaN(v)) && !isNaN(largest));
  }
  var total = 0.0;
  for (var i = start; i < end; i++) { total += exponential(f32(logits[i]) - largest); }
  // A sum that is NaN has no logarithm in some drivers.
  return vec2(largest, select(log(total), total, isNaN(total)));
}

// The logarithm of a probability, from the row's normalizer.
fn logProbability(i: u32, n: vec2<f32>) -> f32 {
  return f32(logits[i]) - n.x - n.y;
}
