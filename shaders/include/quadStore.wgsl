// Stores what a quad of lanes has computed: pixels that lane i holds at first + (lane ^ i), four channels a lane.
// Wants params and y.

// Lanes past the last pixel or channel have computed the last one again, and store the same values there.
fn put(v: vec4<f32>, index: u32, m: vec4<u32>) {
  let at = min(index, params.pixels - 1u) * params.m + m;
  let value = select(v, select(v, vec4<f32>(), v < vec4<f32>()), params.relu == 1u);
  y[at.x] = value.x;
  y[at.y] = value.y;
  y[at.z] = value.z;
  y[at.w] = value.w;
}

fn store(q: mat4x4<f32>, first: u32, lane: u32, m: vec4<u32>) {
  put(q[0], first + lane, m);
  put(q[1], first + (lane ^ 1u), m);
  put(q[2], first + (lane ^ 2u), m);
  put(q[3], first + (lane ^ 3u), m);
}
