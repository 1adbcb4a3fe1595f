/** @file What lies between this process and a GPU on Linux, looked at piece by piece: device files, loader, drivers. */
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { constants as system } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

/** A piece that was looked at. */
export interface Probe {
  readonly probe: string;
  /** What is there; where a library does not load, what the system's linker says. */
  readonly finding: string;
  /** What to type or do; null where nothing is amiss. */
  readonly fix: string | null;
}

/** What probes ask of the system; see `linux`. */
export interface Host {
  /** Names in a folder, none where there is no such folder. */
  list(folder: string): string[];
  /** A file's text, null where it cannot be read. */
  read(file: string): string | null;
  /** Whether this user may use a device file. */
  mayUse(file: string): boolean;
  /** Why a library does not load; null where it does. */
  load(library: string): string | null;
}

/** The system that this process runs on. */
export const linux: Host = {
  list: (folder) => (existsSync(folder) ? readdirSync(folder).sort() : []),
  read(file) {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return null;
    }
  },
  mayUse(file) {
    try {
      accessSync(file, constants.R_OK | constants.W_OK);
      return true;
    } catch {
      return false;
    }
  },
  load(library) {
    try {
      process.dlopen({ exports: {} }, library, system.dlopen.RTLD_LAZY);
      return null;
    } catch (error) {
      const line = error instanceof Error ? error.message : String(error);
      // loaded, but no addon of Node
      return /self-register/.test(line) ? null : line;
    }
  },
};

type Vendor = 'NVIDIA' | 'AMD' | 'Intel' | 'other';

interface DeviceFile {
  readonly file: string;
  readonly vendor: Vendor;
  readonly usable: boolean;
}

/** PCI vendors, as /sys tells them. */
const vendors: Readonly<Record<string, Vendor>> = { '0x10de': 'NVIDIA', '0x1002': 'AMD', '0x8086': 'Intel' };

function deviceFiles(host: Host): DeviceFile[] {
  const found = (folder: string, names: RegExp, vendorOf: (name: string) => Vendor): DeviceFile[] =>
    host
      .list(folder)
      .filter((name) => names.test(name))
      .map((name) => ({
        ...{ file: join(folder, name), vendor: vendorOf(name) },
        usable: host.mayUse(join(folder, name)),
      }));
  const byBus = (name: string): Vendor =>
    vendors[host.read(`/sys/class/drm/${name}/device/vendor`)?.trim() ?? ''] ?? 'other';
  return [...found('/dev/dri', /^renderD\d+$/, byBus), ...found('/dev', /^nvidia\d+$/, () => 'NVIDIA')];
}

function filesProbe(files: readonly DeviceFile[]): Probe {
  const probe = 'GPU device files';
  if (files.length === 0)
    return {
      probe,
      finding: 'none',
      fix: 'In a container: start it with --gpus all (NVIDIA) or --device /dev/dri (AMD, Intel). On the machine itself: install the kernel driver of its GPU.',
    };
  const barred = files.filter(({ usable }) => !usable);
  const told = files.map(
    ({ file, vendor, usable }) => `${file} (${vendor}${usable ? '' : ', not for this user'})`,
  );
  const fix = 'sudo usermod -aG render,video "$USER"; then log in again.';
  return { probe, finding: told.join(', '), fix: barred.length > 0 ? fix : null };
}

interface Driver {
  readonly file: string;
  /** The library, as the linker is asked for it; null where the file names none. */
  readonly library: string | null;
}

/** What an ICD file says. */
function driverOf(host: Host, file: string): Driver {
  try {
    const path: unknown = JSON.parse(host.read(file) ?? '')?.ICD?.library_path;
    if (typeof path !== 'string') return { file, library: null };
    return { file, library: path.includes('/') ? resolve(dirname(file), path) : path };
  } catch {
    return { file, library: null };
  }
}

const container =
  'In a container: start it with --runtime=nvidia --gpus all -e NVIDIA_DRIVER_CAPABILITIES=all, which brings the driver’s Vulkan libraries.';

/** What to do about a library that does not load, by what the linker says. */
function fixOf(library: string, line: string): string {
  const missing = /^(\S+): cannot open shared object/.exec(line)?.[1];
  const nvidia = /nvidia/i.test(library);
  if (missing && missing !== library && basename(missing) !== basename(library))
    return nvidia
      ? 'sudo apt-get install libxext6 libx11-6 libegl1 libglvnd0'
      : `Install the package that has ${missing}.`;
  return nvidia ? container : 'Install its package again, for this processor.';
}

function driverProbe(host: Host, { file, library }: Driver): Probe {
  const probe = `driver ${basename(file)}`;
  if (library === null)
    return { probe, finding: `${file} names no library`, fix: 'Install its package again.' };
  const line = host.load(library);
  if (line === null) return { probe, finding: `${library} loads`, fix: null };
  return { probe, finding: line, fix: fixOf(library, line) };
}

/** Drivers' ICD files by whose GPUs they drive. */
const drives: Readonly<Record<Vendor, RegExp>> = {
  NVIDIA: /nvidia|nouveau/i,
  AMD: /radeon|amd/i,
  Intel: /intel/i,
  other: /./,
};

/** GPUs that no driver is for. */
function driverless(files: readonly DeviceFile[], drivers: readonly Driver[]): Probe[] {
  const lacking = new Set(
    files
      .filter(({ vendor }) => !drivers.some(({ file }) => drives[vendor].test(basename(file))))
      .map(({ vendor }) => vendor),
  );
  return [...lacking].map((vendor) => ({
    probe: `Vulkan driver for ${vendor}`,
    finding: 'no ICD file in /usr/share/vulkan/icd.d or /etc/vulkan/icd.d',
    fix:
      vendor === 'NVIDIA'
        ? `${container} On the machine itself: install NVIDIA’s driver with its Vulkan part.`
        : 'sudo apt-get install mesa-vulkan-drivers',
  }));
}

/**
 * Every piece that a Vulkan device needs, with what to do where one is missing.
 * @param icdFiles of the installed drivers
 * @param systemLoader whether the system has a Vulkan loader of its own
 */
export function probe(host: Host, icdFiles: readonly string[], systemLoader: boolean): Probe[] {
  const files = deviceFiles(host);
  const drivers = icdFiles.map((file) => driverOf(host, file));
  // the package's is for this processor alone
  const carried = process.arch === 'x64';
  const none = carried ? 'none installed; the one in the package is used' : 'none installed';
  const loader: Probe = {
    probe: 'Vulkan loader',
    finding: systemLoader ? 'libvulkan.so.1 of the system' : none,
    fix: systemLoader || carried ? null : 'sudo apt-get install libvulkan1',
  };
  return [
    filesProbe(files),
    loader,
    ...drivers.map((driver) => driverProbe(host, driver)),
    ...driverless(files, drivers),
  ];
}
