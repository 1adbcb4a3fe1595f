// Moments of numbers and of sets of them taken together. V is the file's.

// Count, mean and sum of squared distances from the mean.
struct Moments {
  count: f32,
  mean: V,
  spread: V,
}

// Chan, Golub and LeVeque 1979: moments of two sets taken together.
fn merged(a: Moments, b: Moments) -> Moments {
  let count = a.count + b.count;
  if (count == 0.0) { return a; }
  let delta = b.mean - a.mean;
  let part = b.count / count;
  return Moments(count, a.mean + delta * part, a.spread + b.spread + delta * delta * (a.count * part));
}
