/** @file What is in the way of a GPU, on systems that are described. */
import { describe, expect, it } from 'vitest';
import { type Host, linux, probe } from '../../src/tensor/probes.node.ts';

interface System {
  readonly files?: Readonly<Record<string, string>>;
  readonly barred?: readonly string[];
  /** Why libraries do not load. */
  readonly broken?: Readonly<Record<string, string>>;
}

const host = ({ files = {}, barred = [], broken = {} }: System): Host => ({
  list: (folder) =>
    Object.keys(files).flatMap((file) =>
      file.startsWith(`${folder}/`) ? [file.slice(folder.length + 1)] : [],
    ),
  read: (file) => files[file] ?? null,
  mayUse: (file) => !barred.includes(file),
  load: (library) => broken[library] ?? null,
});

const icd = (library: string) => JSON.stringify({ ICD: { library_path: library } });
const folder = '/usr/share/vulkan/icd.d';

/** Findings that need something done. */
const amiss = (system: System, loader = true) => {
  const drivers = Object.keys(system.files ?? {}).filter((file) => file.endsWith('.json'));
  return probe(host(system), drivers, loader).filter(({ fix }) => fix !== null);
};

describe('probe', () => {
  it('finds nothing amiss where all is there, and says what that is', () => {
    const files = {
      '/dev/dri/renderD128': '',
      '/sys/class/drm/renderD128/device/vendor': '0x1002\n',
      [`${folder}/radeon_icd.json`]: icd('libvulkan_radeon.so'),
    };
    expect(amiss({ files })).toEqual([]);
    const found = probe(host({ files }), [`${folder}/radeon_icd.json`], false);
    expect(found.map(({ finding }) => finding)).toEqual([
      '/dev/dri/renderD128 (AMD)',
      'none installed; the one in the package is used',
      'libvulkan_radeon.so loads',
    ]);
  });

  it('tells containers without a GPU, and users who may not use it', () => {
    expect(amiss({})).toMatchObject([{ finding: 'none', fix: expect.stringContaining('--gpus all') }]);
    const files = { '/dev/dri/renderD128': '', [`${folder}/intel_icd.json`]: icd('a.so') };
    const bus = { '/sys/class/drm/renderD128/device/vendor': '0x8086' };
    expect(amiss({ files: { ...files, ...bus }, barred: ['/dev/dri/renderD128'] })).toMatchObject([
      {
        finding: '/dev/dri/renderD128 (Intel, not for this user)',
        fix: expect.stringContaining('usermod -aG render'),
      },
    ]);
  });

  it('tells NVIDIA’s containers without graphics: no driver file, or one whose library is not there', () => {
    const files = { '/dev/nvidia0': '', '/dev/nvidiactl': '' };
    const fix = expect.stringContaining('NVIDIA_DRIVER_CAPABILITIES=all');
    expect(amiss({ files })).toMatchObject([{ probe: 'Vulkan driver for NVIDIA', fix }]);
    const line = 'libGLX_nvidia.so.0: cannot open shared object file: No such file or directory';
    const named = { ...files, [`${folder}/nvidia_icd.json`]: icd('libGLX_nvidia.so.0') };
    expect(amiss({ files: named, broken: { 'libGLX_nvidia.so.0': line } })).toEqual([
      { probe: 'driver nvidia_icd.json', finding: line, fix },
    ]);
  });

  it('tells libraries that a driver’s library wants', () => {
    const of = (library: string, line: string) => {
      const files = { '/dev/nvidia0': '', [`${folder}/nvidia_icd.json`]: icd(library) };
      return amiss({ files, broken: { [library]: line } });
    };
    const missing = 'libXext.so.6: cannot open shared object file: No such file or directory';
    expect(of('libGLX_nvidia.so.0', missing)).toMatchObject([
      { finding: missing, fix: expect.stringContaining('apt-get install libxext6') },
    ]);
    const radeon = { '/dev/nvidia0': '', [`${folder}/nvidia_radeon.json`]: icd('libvulkan_radeon.so') };
    const line = 'libdrm_amdgpu.so.1: cannot open shared object file';
    expect(amiss({ files: radeon, broken: { 'libvulkan_radeon.so': line } })).toMatchObject([
      { finding: line, fix: 'Install the package that has libdrm_amdgpu.so.1.' },
    ]);
  });

  it('tells GPUs that only drivers of others are for, and driver files that make no sense', () => {
    const amd = { '/dev/dri/renderD128': '', '/sys/class/drm/renderD128/device/vendor': '0x1002' };
    const files = { ...amd, [`${folder}/lvp_icd.json`]: icd('libvulkan_lvp.so') };
    expect(amiss({ files })).toMatchObject([
      { probe: 'Vulkan driver for AMD', fix: 'sudo apt-get install mesa-vulkan-drivers' },
    ]);
    const odd = { ...amd, [`${folder}/radeon_icd.json`]: '{' };
    expect(amiss({ files: odd })).toMatchObject([
      { probe: 'driver radeon_icd.json', finding: `${folder}/radeon_icd.json names no library` },
    ]);
  });

  it('looks for a library beside the file that names it by a path', () => {
    const file = '/opt/driver/icd.json';
    const asked: string[] = [];
    const asking = {
      ...host({ files: { [file]: icd('./lib/driver.so') } }),
      load(library: string) {
        asked.push(library);
        return null;
      },
    };
    probe(asking, [file], true);
    expect(asked).toEqual(['/opt/driver/lib/driver.so']);
  });

  it('asks the real system without harm', () => {
    expect(linux.list('/no/such/folder')).toEqual([]);
    expect(linux.read('/no/such/file')).toBeNull();
    expect(linux.mayUse('/no/such/file')).toBe(false);
    expect(linux.load('libno-such-library.so.9')).toMatch(
      /libno-such-library\.so\.9: cannot open shared object/,
    );
    expect(linux.load('libc.so.6')).toBeNull();
  });
});
