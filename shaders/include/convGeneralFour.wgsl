// Of forms in which a place is four channels: place.four. Wants params, bias and y.

fn biasOf(place: Place) -> vec4<f32> {
  return bias[place.four];
}

fn store(place: Place, v: vec4<f32>, line: u32, ox: i32) {
  if (ox < params.outWidth) { y[(line + u32(ox)) * params.blocks + place.four] = E4(v); }
}
