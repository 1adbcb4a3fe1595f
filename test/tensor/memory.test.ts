import { describe, expect, it, vi } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { DisposedError, OutOfMemoryError } from '../../src/base/errors.ts';
import { Declarations } from '../../src/models/declare.ts';
import { Module } from '../../src/models/module.ts';
import { empty, filled, randomNormal, randomUniform, tensor, zeros } from '../../src/tensor/create.ts';
import { Memory, sizeClass } from '../../src/tensor/memory.ts';
import { disown, scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { useDevice } from '../device.ts';

const device = useDevice();
const live = (): number => device().memory.liveBytes;

describe('memory', () => {
  it('size classes hold what is asked, in steps of 256 bytes, and waste at most an eighth of large sizes', () => {
    for (let bytes = 1; bytes < 2 ** 30; bytes = Math.ceil(bytes * 1.37)) {
      const size = sizeClass(bytes);
      expect(size).toBeGreaterThanOrEqual(bytes);
      expect(size % 256).toBe(0);
      expect(sizeClass(size)).toBe(size);
      if (bytes > 2 ** 16) expect(size / bytes).toBeLessThan(1.125);
    }
  });

  it('a disposed buffer is used again by the next tensor of its size', () => {
    const first = empty(device(), { shape: [1000], dtype: 'f32' });
    const buffer = first.storage.buffer;
    first.dispose();
    const second = empty(device(), { shape: [10, 100], dtype: 'f32' });
    expect(second.storage.buffer).toBe(buffer);
  });

  it('a buffer whose creation ran out of memory is never used again, whenever the device says so', async () => {
    const made: object[] = [];
    const failures: (() => void)[] = [];
    const gpu = {
      limits: { maxBufferSize: 1 << 20, maxStorageBufferBindingSize: 1 << 20 },
      createBuffer: () => made[made.push({ destroy: () => {} }) - 1],
      pushErrorScope: () => {},
      popErrorScope: () =>
        new Promise((resolve) => failures.push(() => resolve(new GPUOutOfMemoryError('no memory')))),
    };
    const errors: Error[] = [];
    const memory = new Memory(gpu as unknown as GPUDevice, (error) => errors.push(error));
    const buffers: unknown[] = [];
    const allocate = () => {
      const storage = memory.allocate(1024, 'large');
      buffers.push(storage.buffer);
      return storage;
    };
    const early = allocate();
    failures[0]!();
    await Promise.resolve();
    early.release();
    allocate().release();
    expect(memory.pooledBytes).toBe(1024);
    failures[1]!();
    await Promise.resolve();
    expect(memory.pooledBytes).toBe(0);
    allocate();
    expect(buffers).toEqual(made);
    expect(new Set(buffers).size).toBe(3);
    expect(errors).toEqual([expect.any(OutOfMemoryError), expect.any(OutOfMemoryError)]);
  });

  it('live, peak and pooled bytes follow what is made and disposed', () => {
    const before = live();
    device().memory.resetPeak();
    device().memory.trim();
    const tensors = [1, 2, 3].map(() => zeros(device(), [64]));
    expect(live() - before).toBe(3 * 256);
    for (const one of tensors) one.dispose();
    expect(live()).toBe(before);
    expect(device().memory.peakBytes - before).toBe(3 * 256);
    expect(device().memory.pooledBytes).toBe(3 * 256);
    device().memory.trim();
    expect(device().memory.pooledBytes).toBe(0);
  });

  it('views share a storage that lives until the last of them is disposed', async () => {
    const before = live();
    const whole = tensor(device(), [1, 2, 3, 4], [4]);
    const square = whole.reshape([2, 2]);
    whole.dispose();
    expect(live() - before).toBe(256);
    expect([...(await square.read())]).toEqual([1, 2, 3, 4]);
    square.dispose();
    expect(live()).toBe(before);
  });

  it('asking for more than the adapter has names the tensor and lists what is alive', () => {
    const kept = empty(device(), { shape: [64], dtype: 'f32' }, 'the kept one');
    const most = device().gpu.limits.maxBufferSize;
    const ask = (): Tensor =>
      empty(device(), { shape: [Math.ceil(most / 4) + 64], dtype: 'f32' }, 'the huge one');
    expect(ask).toThrow(OutOfMemoryError);
    expect(ask).toThrow(/the huge one.*the kept one/s);
    kept.dispose();
  });

  it('asking for more values than the adapter has is refused before they are made on the host', () => {
    const { maxBufferSize } = device().gpu.limits;
    const shape = [Math.ceil(maxBufferSize / 4) + 64];
    // The seed is none: whoever draws first, complains of that.
    expect(() => randomNormal(device(), shape, -1)).toThrow(OutOfMemoryError);
    expect(() => randomUniform(device(), shape, -1)).toThrow(OutOfMemoryError);
    const at = new Declarations();
    at.parameter('huge', shape, { kind: 'constant', value: 1 });
    const filling = vi.spyOn(Object.getPrototypeOf(Float32Array.prototype), 'fill').mockReturnThis();
    try {
      expect(() => zeros(device(), shape)).toThrow(OutOfMemoryError);
      expect(() => filled(device(), 3, shape, 'bool')).toThrow(OutOfMemoryError);
      expect(() => new Module(device(), at, 0)).toThrow(OutOfMemoryError);
      expect(filling).not.toHaveBeenCalled();
    } finally {
      filling.mockRestore();
    }
  });
});

describe('scope', () => {
  it('disposes what was made inside, and hands what is kept to the scope around it', () => {
    let kept: Tensor;
    let dropped: Tensor;
    {
      using _outer = scope();
      {
        using inner = scope();
        dropped = zeros(device(), [3]);
        kept = inner.keep(zeros(device(), [3]));
      }
      expect([dropped.disposed, kept.disposed]).toEqual([true, false]);
    }
    expect(kept.disposed).toBe(true);
  });

  it('leaves alone what was disowned', () => {
    let parameter: Tensor;
    {
      using _outer = scope();
      using _inner = scope();
      parameter = disown(zeros(device(), [3]));
    }
    expect(parameter.disposed).toBe(false);
    parameter.dispose();
  });

  it('a disposed tensor says so when it is used', () => {
    const gone = zeros(device(), [3]);
    gone.dispose();
    gone.dispose();
    expect(() => gone.read()).toThrow(DisposedError);
    expect(() => gone.reshape([3, 1])).toThrow(DisposedError);
  });

  it('lets go of the pool before it reports that memory ran out', async () => {
    let fail = false;
    const destroyed: object[] = [];
    const gpu = {
      limits: { maxBufferSize: 1 << 20, maxStorageBufferBindingSize: 1 << 20 },
      createBuffer: () => {
        const buffer = { destroy: () => destroyed.push(buffer) };
        return buffer;
      },
      pushErrorScope: () => {},
      popErrorScope: () => Promise.resolve(fail ? new GPUOutOfMemoryError('no memory') : null),
    };
    const order: string[] = [];
    const memory = new Memory(
      gpu as unknown as GPUDevice,
      (error) => order.push(`${error.name}, ${memory.pooledBytes} pooled, ${destroyed.length} destroyed`),
      () => order.push('flushed'),
    );
    for (const bytes of [4096, 8192]) memory.allocate(bytes, 'idle').release();
    expect(memory.pooledBytes).toBe(12288);
    fail = true;
    memory.allocate(16384, 'large');
    await Promise.resolve();
    expect(order).toEqual(['flushed', 'OutOfMemoryError, 0 pooled, 2 destroyed']);
  });

  it('the pool holds at most twice what was in use at the peak, and destroys what was unused longest', () => {
    const { memory } = device();
    memory.trim();
    let peak = 0;
    for (let megabytes = 4; megabytes < 60; megabytes += 3) {
      const x = empty(device(), { shape: [megabytes << 18], dtype: 'f32' });
      peak = Math.max(peak, memory.liveBytes);
      x.dispose();
      expect(memory.pooledBytes + memory.liveBytes).toBeLessThanOrEqual(2 * peak);
    }
    const recent = empty(device(), { shape: [58 << 18], dtype: 'f32' });
    expect(memory.pooledBytes).toBeLessThan(2 * peak);
    recent.dispose();
    memory.trim();
    expect(memory.pooledBytes).toBe(0);
  });

  it('destroys no buffer that a launch still waits to use', async () => {
    const { memory } = device();
    memory.trim();
    const sums: Tensor[] = [];
    for (let size = 1; size < 12; size++) {
      const x = filled(device(), size, [size << 16]);
      sums.push(ops.mean(x));
      x.dispose();
    }
    for (const [i, sum] of sums.entries()) expect(await sum.item()).toBeCloseTo(i + 1, 4);
  });

  it('knows what was written since, by region', () => {
    const whole = zeros(device(), [4, 6]);
    const [left, right] = [whole.viewChannels(0, 4), whole.viewChannels(4, 6)];
    const { storage } = whole;
    const then = storage.clock;
    storage.wrote(left.region);
    expect(storage.writtenSince(left.region, then)).toBe(true);
    expect(storage.writtenSince(right.region, then)).toBe(false);
    expect(storage.writtenSince(whole.region, then)).toBe(true);
    whole.write(new Float32Array(24));
    expect(storage.writtenSince(right.region, then)).toBe(true);
    expect(storage.writtenSince(right.region, storage.clock)).toBe(false);
  });
});
