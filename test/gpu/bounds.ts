/**
 * @file Counts what shaders read and write outside their arrays. Dawn's checks hide it: such an access gives 0 or the
 * last element, and losses may stay the same bits. Without these checks, as on GPU hosts, it would spoil memory.
 */
import type { Device } from '../../src/tensor/device.ts';

const BINDING = 30;
const MOST = 1024;
const BYTES = 4 * MOST;

/** Text up to the bracket that closes the one before `from`. */
function insideBrackets(text: string, from: number): string {
  let depth = 1;
  let end = from;
  for (; depth > 0; end++) depth += { '[': 1, ']': -1 }[text[end]!] ?? 0;
  return text.slice(from, end - 1);
}

/** Every index into the array goes through its check. */
function wrapped(text: string, name: string): string {
  const start = new RegExp(`(?<![\\w.&])${name}\\[`).exec(text);
  if (!start) return text;
  const from = start.index + start[0].length;
  const index = insideBrackets(text, from);
  const rest = text.slice(from + index.length);
  return `${text.slice(0, from)}inBoundsOf_${name}(u32(${wrapped(index, name)}))${wrapped(rest, name)}`;
}

/** A shader whose accesses are counted. @param numberOf of each of its arrays */
export function counted(code: string, numberOf: (array: string) => number): string {
  const plain = code.replaceAll(/\/\/.*$/gm, '');
  const names = [...plain.matchAll(/var<storage, \w+> (\w+): array/g)].map(([, name]) => name!);
  if (names.length === 0) return code;
  const checks = names.map(
    (name) =>
      `fn inBoundsOf_${name}(i: u32) -> u32 { if (i >= arrayLength(&${name})) { atomicAdd(&countOutOfBounds[${numberOf(name)}u], 1u); } return i; }`,
  );
  return [
    names.reduce(wrapped, plain),
    `@group(0) @binding(${BINDING}) var<storage, read_write> countOutOfBounds: array<atomic<u32>>;`,
    ...checks,
  ].join('\n');
}

/**
 * From here on all shaders of the device count. Call it before the first launch.
 * @returns accesses outside so far, by shader and array
 */
export function countOutside(device: Device): () => Promise<Record<string, number>> {
  const { gpu } = device;
  const numbers = new Map<string, number>();
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC;
  const counts = gpu.createBuffer({ size: BYTES, usage, label: 'outside' });
  const numberOf = (name: string): number => {
    if (!numbers.has(name)) numbers.set(name, numbers.size);
    if (numbers.size > MOST) throw new Error(`There are more than ${MOST} arrays.`);
    return numbers.get(name)!;
  };
  const own = {
    createShaderModule: gpu.createShaderModule.bind(gpu),
    createBindGroupLayout: gpu.createBindGroupLayout.bind(gpu),
    createBindGroup: gpu.createBindGroup.bind(gpu),
  };
  Object.assign(gpu, {
    createShaderModule: ({ code, ...rest }: GPUShaderModuleDescriptor) =>
      own.createShaderModule({
        ...rest,
        code: counted(code, (array) => numberOf(`${rest.label}.${array}`)),
      }),
    createBindGroupLayout: ({ entries, ...rest }: GPUBindGroupLayoutDescriptor) =>
      own.createBindGroupLayout({
        ...rest,
        entries: [
          ...entries,
          { binding: BINDING, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'storage' } },
        ],
      }),
    createBindGroup: ({ entries, ...rest }: GPUBindGroupDescriptor) =>
      own.createBindGroup({
        ...rest,
        entries: [...entries, { binding: BINDING, resource: { buffer: counts } }],
      }),
  });
  return async () => {
    await device.sync();
    const copy = gpu.createBuffer({ size: BYTES, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    const encoder = gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(counts, 0, copy, 0, BYTES);
    gpu.queue.submit([encoder.finish()]);
    await device.wait(copy.mapAsync(GPUMapMode.READ));
    const found = new Uint32Array(copy.getMappedRange().slice(0));
    copy.destroy();
    return Object.fromEntries([...numbers].flatMap(([name, i]) => (found[i] ? [[name, found[i]]] : [])));
  };
}
