import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { matricesAgree } from '../../src/kernels/conv/matrixCheck.ts';
import { openProgramDevice } from '../../src/run/device.node.ts';
import { type OpenOptions, openDevice } from '../../src/tensor/device.node.ts';

vi.mock('../../src/tensor/device.node.ts');
vi.mock('../../src/kernels/conv/matrixCheck.ts');

const opened: (OpenOptions & { readonly dispose: () => void })[] = [];

/** A GPU with matrix units, where they are asked for. */
function openGpu(options: OpenOptions = {}) {
  const device = { ...options, dispose: vi.fn() };
  opened.push(device);
  const caps = { description: 'GPU', software: false, matrices: options.matrices ? { side: 16 } : null };
  return Promise.resolve({ ...device, caps } as never);
}

describe('the device of a program', () => {
  const said: string[] = [];
  const say = (text: string) => said.push(text);
  beforeEach(() => {
    vi.mocked(openDevice).mockImplementation(openGpu);
  });
  afterEach(() => {
    opened.length = 0;
    said.length = 0;
    vi.mocked(matricesAgree).mockReset();
    vi.unstubAllEnvs();
  });

  it('asks for matrix units in mixed precision alone', async () => {
    vi.mocked(matricesAgree).mockResolvedValue(true);
    await openProgramDevice({ precision: 'f32', say });
    expect(matricesAgree).not.toHaveBeenCalled();
    await openProgramDevice({ precision: 'mixed', adapter: 'gpu', say });
    expect(matricesAgree).toHaveBeenCalledOnce();
    expect(opened).toMatchObject([{ matrices: false }, { matrices: true, adapter: 'gpu' }]);
    expect(said).toEqual([]);
  });

  it('does without them where they differ from the other kernels, and says so', async () => {
    vi.mocked(matricesAgree).mockResolvedValue(false);
    const { caps } = await openProgramDevice({ precision: 'mixed', say });
    expect(caps.matrices).toBeNull();
    expect(opened).toMatchObject([{ matrices: true }, { matrices: false }]);
    expect(opened[0]!.dispose).toHaveBeenCalledOnce();
    expect(said).toEqual([expect.stringContaining('matrix units of GPU do not give')]);
  });

  it('does not look at them where the environment decides', async () => {
    vi.stubEnv('PLANEWISE_MATRICES', 'on');
    await openProgramDevice({ precision: 'mixed', say });
    expect(matricesAgree).not.toHaveBeenCalled();
  });

  it('has shaders guarded on demand', async () => {
    await openProgramDevice({});
    vi.stubEnv('PLANEWISE_BOUNDS_CHECKS', 'on');
    await openProgramDevice({});
    expect(opened).toMatchObject([{ boundsChecks: false }, { boundsChecks: true }]);
  });
});
