// Notes a fault of src/tensor/faults.ts: `note`, which is not 0, at the place params.fault. The largest note stays,
// whatever the order of invocations.
@group(0) @binding(20) var<storage, read_write> faults: array<atomic<u32>>;

fn report(note: u32) {
  atomicMax(&faults[params.fault], note);
}
