// Labels are classes 0 … params.channels − 1, or params.ignored; all others are a fault (include faults). As u32,
// where negative ones are as unlike any class.
fn isIgnored(label: u32) -> bool {
  return label == params.ignored;
}

fn isClass(label: u32) -> bool {
  return label < params.channels;
}

// The label is no class and not ignored: that is reported.
fn isFault(label: u32) -> bool {
  if (isIgnored(label) || isClass(label)) { return false; }
  report(label);
  return true;
}
