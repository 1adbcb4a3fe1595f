import { afterEach, describe, expect, it, vi } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { openProgramDevice } from '../../src/run/device.node.ts';
import { listCandidates } from '../../src/tensor/candidates.node.ts';
import { tensor } from '../../src/tensor/create.ts';
import { adapterNames } from '../../src/tensor/dawn.node.ts';
import { openDevice } from '../../src/tensor/device.node.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('openDevice in Node', () => {
  it('refuses an adapter it does not know and names those it does', async () => {
    vi.stubEnv('PLANEWISE_ADAPTER', 'abacus');
    await expect(openDevice()).rejects.toThrow(ConfigError);
    await expect(openDevice()).rejects.toThrow(
      'environment: PLANEWISE_ADAPTER=abacus: one of gpu, system, swiftshader is needed.',
    );
    for (const adapter of ['abacus', '', 5, null] as never[]) {
      await expect(openDevice({ adapter })).rejects.toThrow(
        /openDevice\.adapter is .*'gpu', 'system', 'swiftshader'/,
      );
      await expect(listCandidates(adapter)).rejects.toThrow(ConfigError);
    }
  });

  it('refuses forced variants that are not written as pairs of op and variant', async () => {
    for (const text of ['tile', 'conv2d:', ':tile', 'conv2d:tile,foo', 'conv2d:tile:quad']) {
      vi.stubEnv('PLANEWISE_VARIANT', text);
      await expect(openDevice(), text).rejects.toThrow(
        /^environment: PLANEWISE_VARIANT=.*: op:variant, several with commas, is needed\.$/,
      );
    }
  });

  it('the option goes before the environment variable', async () => {
    vi.stubEnv('PLANEWISE_ADAPTER', 'abacus');
    const device = await openDevice({ adapter: 'swiftshader' });
    expect(device.caps).toMatchObject({ software: true });
    expect(device.caps.description).toMatch(/swiftshader/i);
    device.dispose();
  });

  it('without bounds checks opens what it opens with them, on a GPU alone without', async () => {
    const device = await openDevice({ boundsChecks: false });
    expect(device.caps.software).toBe(true);
    const x = tensor(device, [1, 2, 3], [3]);
    expect([...(await x.read())]).toEqual([1, 2, 3]);
    x.dispose();
    device.dispose();
    await expect(openDevice({ boundsChecks: 1 as never })).rejects.toThrow(/openDevice\.boundsChecks is 1/);
    vi.stubEnv('PLANEWISE_BOUNDS_CHECKS', 'maybe');
    await expect(openProgramDevice({})).rejects.toThrow(
      /^environment: PLANEWISE_BOUNDS_CHECKS=maybe: one of on, off is needed\.$/,
    );
  });

  it('takes the adapter that is named, and names those that there are where there is none called so', async () => {
    vi.stubEnv('PLANEWISE_GPU', 'abacus');
    await expect(openDevice({ adapter: 'system' })).rejects.toThrow(
      /^environment: PLANEWISE_GPU=abacus: part of the name of an adapter is needed; there are: /,
    );
    // the embedded one needs no name
    (await openDevice({ adapter: 'swiftshader' })).dispose();
    const [name] = await adapterNames();
    if (name === undefined) return;
    vi.stubEnv('PLANEWISE_GPU', name.slice(0, 8));
    (await openDevice({ adapter: 'system' })).dispose();
  });

  it('two devices can be opened at once', async () => {
    const devices = await Promise.all([openDevice(), openDevice()]);
    for (const device of devices) await device.sync();
    for (const device of devices) device.dispose();
  });

  it('a device opens others of its adapter, which live and end on their own', async () => {
    const device = await openDevice();
    const twin = await device.twins!.open();
    expect(twin.caps).toEqual(device.caps);
    expect(twin.twins).toBeUndefined();
    twin.dispose();
    expect(device.lost).toBe(false);
    const other = await device.twins!.open();
    device.dispose();
    await other.sync();
    other.dispose();
  });
});

describe('listCandidates', () => {
  it('names one device that is taken, the first that is there, and says why for each', async () => {
    vi.stubEnv('PLANEWISE_ADAPTER', '');
    const candidates = await listCandidates();
    expect(candidates.map(({ choice }) => choice)).toEqual(['gpu', 'system', 'swiftshader']);
    const first = candidates.find(({ adapter }) => adapter !== null);
    expect(candidates.filter(({ taken }) => taken)).toEqual([first]);
    expect(candidates.every(({ reason }) => reason.length > 0)).toBe(true);
  });

  it('takes the embedded one when it is asked for', async () => {
    const taken = (await listCandidates('swiftshader')).filter((candidate) => candidate.taken);
    expect(taken).toMatchObject([{ choice: 'swiftshader', software: true }]);
  });
});
