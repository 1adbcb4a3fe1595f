import { existsSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aptSettings, archiveOf } from '../../../tools/gpulab/archive.ts';
import { mountsWithin, removeUnmounted } from '../../../tools/gpulab/mounts.ts';
import { commandOf } from '../../../tools/gpulab/namespace.ts';
import { parseOptions } from '../../../tools/gpulab/options.ts';
import { CannotHere } from '../../../tools/gpulab/problems.ts';
import { expectRoot, expectTools } from '../../../tools/gpulab/root.ts';
import { targets } from '../../../tools/gpulab/targets.ts';

describe('the root', () => {
  const line = (origin: string, codename: string, component = 'main') =>
    `${origin}|${codename}|${component}|http://archive.test/${codename}/`;

  it('comes from the archive that apt has, not from its updates or others’', () => {
    const debian = [
      line('Debian Backports', 'bookworm-backports'),
      line('Others', 'stable'),
      line('Debian', 'bookworm'),
    ];
    expect(archiveOf(debian.join('\n'))).toEqual({
      uri: 'http://archive.test/bookworm/',
      suite: 'sid',
      components: ['main'],
    });
    const ubuntu = [line('Ubuntu', 'noble-updates'), line('Ubuntu', 'noble')].join('\n');
    expect(archiveOf(ubuntu)).toMatchObject({ suite: 'noble', components: ['main', 'universe'] });
    expect(() => archiveOf(line('Others', 'stable'))).toThrow(CannotHere);
  });

  it('reaches it as apt does', () => {
    const dump =
      'APT::Architecture "amd64";\nAcquire::http::Proxy "http://proxy.test:3128";\nAcquire::cdrom "";\n';
    expect(aptSettings(dump)).toBe(
      'Acquire::http::Proxy "http://proxy.test:3128";\nAcquire::Check-Valid-Until "false";\n',
    );
  });

  it('is refused where a program or a file is missing, by its name', () => {
    expect(() => expectTools(['no-such-tool'])).toThrow(CannotHere);
    expect(() => expectRoot(process.cwd())).toThrow('it has no /usr/bin/env');
  });

  it('is not deleted while something is mounted in it, and deleted otherwise', () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gpulab test ')));
    const line = (point: string): string =>
      `42 27 254:0 /data ${point.replaceAll(' ', '\\040')} rw - ext4 /dev/vda rw`;
    const mountinfo = [line('/'), line(`${folder}/mnt/lab`), line(`${folder}2`)].join('\n');
    expect(mountsWithin(mountinfo, folder)).toEqual([`${folder}/mnt/lab`]);
    expect(mountsWithin(mountinfo, folder.slice(0, -1))).toEqual([]);
    expect(() => removeUnmounted(folder, mountinfo)).toThrow('Unmount it first');
    expect(existsSync(folder)).toBe(true);
    removeUnmounted(folder, line(`${folder}2`));
    expect(existsSync(folder)).toBe(false);
  });

  it('is entered with the mounts by name and with nothing of this process’s environment', () => {
    const command = commandOf({
      root: '/r',
      mounts: [{ from: '/somewhere', as: 'lab' }],
      environment: { A: '1' },
      command: ['/mnt/node', 'x'],
    });
    expect(command.slice(4, 8)).toEqual(['/r', '1', '/somewhere', 'lab']);
    expect(command.slice(8)).toEqual(['env', '-i', expect.stringMatching(/^PATH=/), 'A=1', '/mnt/node', 'x']);
  });
});

describe('the command line', () => {
  it('takes lists, refuses unknown names, and keeps results only where it is told to', () => {
    const all = parseOptions([], '/kept')!;
    expect(all.devices).toEqual(Object.keys(targets));
    expect(all).toMatchObject({ toggles: ['vulkan_enable_f16_on_nvidia'], entries: true, save: undefined });
    expect(parseOptions(['--devices', 'm1,hopper', '--save', '--toggles', ''], '/kept')).toMatchObject({
      devices: ['m1', 'hopper'],
      toggles: [],
      save: '/kept',
    });
    expect(() => parseOptions(['--devices', 'voodoo'], '/kept')).toThrow('Unknown device "voodoo"');
    expect(parseOptions(['--help'], '/kept')).toBeNull();
  });
});
