/** @file Opens a device in Node through Dawn: a real GPU, else a system software driver, else the embedded SwiftShader. */
import { availableParallelism, constants } from 'node:os';
import { DeviceError } from '../base/errors.ts';
import {
  embeddedDriver,
  loadDawn,
  loadEmbeddedLoader,
  selectDrivers,
  systemDrivers,
} from './adapters.node.ts';
import { adapterName, isSoftware } from './caps.ts';
import { type Device, type DeviceOptions, deviceFrom, expectDeviceOptions, type Twins } from './device.ts';
import { type AdapterChoice, choiceOf, switchOf, variantsOf } from './environment.node.ts';
import { restfully } from './rest.node.ts';
import { quietly } from './stderr.node.ts';

export type { AdapterChoice } from './environment.node.ts';

export interface OpenOptions extends DeviceOptions {
  /** Overrides the environment variable PLANEWISE_ADAPTER. */
  readonly adapter?: AdapterChoice | undefined;
}

/** One way to get an adapter, and whether it was taken. */
export interface Candidate {
  readonly choice: AdapterChoice;
  readonly adapter: string | null;
  readonly software: boolean;
  /** Whether it computes in f16, which mixed precision needs. */
  readonly f16: boolean;
  readonly taken: boolean;
  readonly reason: string;
}

// Dawn's instances must outlive their devices, or the process aborts.
const instances = new Set<GPU>();
/** What a first step has to compile keeps few cores busy. */
const MOST_TWINS = 3;
let globalsInstalled = false;
let systemIcds: string | undefined;
let systemLoader: boolean | undefined;

/** What Dawn is asked for beyond its defaults. */
function toggles(): string[] {
  return [
    // Dawn hides it on NVIDIA under Vulkan, for old drivers' sake (crbug 42251215).
    'vulkan_enable_f16_on_nvidia',
    // Shows features that are not yet part of WebGPU; with it come others nobody asks for.
    ...(process.env.PLANEWISE_MATRICES ? ['allow_unsafe_apis'] : []),
  ];
}

async function createInstance(): Promise<GPU> {
  const { create, globals } = await loadDawn();
  if (!globalsInstalled) {
    Object.assign(globalThis, globals);
    globalsInstalled = true;
  }
  const instance = create([`enable-dawn-features=${toggles().join(',')}`]);
  instances.add(instance);
  return instance;
}

/** Whether a Vulkan loader is installed; Dawn looks for one on Linux only. */
function hasSystemLoader(): boolean {
  // Asked once: the embedded loader, once in the process, would answer for the system's.
  systemLoader ??= process.platform !== 'linux' || canLoad('libvulkan.so.1');
  return systemLoader;
}

function canLoad(library: string): boolean {
  try {
    process.dlopen({ exports: {} }, library, constants.dlopen.RTLD_LAZY);
  } catch (error) {
    return /self-register/.test(String(error));
  }
  return true;
}

function hasHalf(adapter: GPUAdapter | undefined): boolean {
  return adapter?.features.has('shader-f16') ?? false;
}

interface Found {
  readonly instance: GPU;
  readonly adapter: GPUAdapter;
}

function requestAdapter(instance: GPU): Promise<GPUAdapter | null> {
  return instance.requestAdapter({ powerPreference: 'high-performance' });
}

async function requestFrom(instance: GPU): Promise<Found | undefined> {
  const adapter = await requestAdapter(instance);
  if (adapter) return { instance, adapter };
  instances.delete(instance);
  return undefined;
}

async function findSystem(): Promise<Found | undefined> {
  if (!hasSystemLoader()) return undefined;
  systemIcds ??= process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES ?? '';
  if (systemIcds) selectDrivers(systemIcds.split(':'));
  else {
    delete process.env.VK_DRIVER_FILES;
    delete process.env.VK_ICD_FILENAMES;
  }
  return requestFrom(await createInstance());
}

async function findEmbedded(): Promise<Found | undefined> {
  const icd = await embeddedDriver();
  if (!hasSystemLoader()) loadEmbeddedLoader(icd);
  systemIcds ??= process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES ?? '';
  selectDrivers([icd]);
  return requestFrom(await createInstance());
}

/**
 * Every way to get an adapter here, in the order of preference, and why each was or was not taken.
 * @throws ConfigError for an unknown one
 */
export async function listCandidates(forced?: AdapterChoice): Promise<Candidate[]> {
  const choice = choiceOf(forced);
  const system = await quietly(findSystem);
  const name = system ? adapterName(system.adapter.info) : null;
  const software = system !== undefined && isSoftware(system.adapter.info);
  const embedded = await quietly(() => findEmbedded().catch((error: Error) => error));
  const embeddedName = embedded instanceof Error || !embedded ? null : adapterName(embedded.adapter.info);
  const gpuTaken = name !== null && !software && choice !== 'swiftshader';
  const systemTaken = software && (choice === undefined || choice === 'system');
  const rest = !gpuTaken && !systemTaken && choice !== 'gpu' && choice !== 'system';
  const missing = hasSystemLoader()
    ? `no driver Dawn accepts (${systemDrivers().length} Vulkan driver files installed)`
    : 'no Vulkan loader (libvulkan.so.1) is installed';
  const forcedText = choice ? `"${choice}" was asked for` : 'a better one was found';
  return [
    {
      choice: 'gpu',
      adapter: software ? null : name,
      software: false,
      f16: !software && hasHalf(system?.adapter),
      taken: gpuTaken,
      reason: gpuTaken
        ? 'a hardware GPU comes first'
        : name && !software
          ? forcedText
          : 'no hardware GPU was found',
    },
    {
      choice: 'system',
      adapter: software ? name : null,
      software: true,
      f16: software && hasHalf(system?.adapter),
      taken: systemTaken,
      reason: systemTaken
        ? 'the system has a software driver Dawn accepts'
        : software
          ? forcedText
          : name
            ? 'the system driver is a hardware one'
            : missing,
    },
    {
      choice: 'swiftshader',
      adapter: embeddedName,
      software: true,
      f16: embedded instanceof Error ? false : hasHalf(embedded?.adapter),
      taken: rest && embeddedName !== null,
      reason:
        embedded instanceof Error
          ? embedded.message
          : rest
            ? 'nothing better was found or it was asked for'
            : forcedText,
    },
  ];
}

async function find(choice: AdapterChoice | undefined): Promise<Found> {
  if (choice !== 'swiftshader') {
    const system = await findSystem();
    const software = system && isSoftware(system.adapter.info);
    if (system && (!software || choice !== 'gpu')) return system;
    if (choice) {
      throw new DeviceError(
        `No ${choice === 'gpu' ? 'hardware GPU' : 'system driver'} was found. Run "planewise devices" to see why, or drop the choice to use the embedded software adapter.`,
      );
    }
  }
  const embedded = await findEmbedded();
  if (embedded) return embedded;
  throw new DeviceError(
    'No adapter was found, not even the embedded SwiftShader. Run "planewise devices" to see why.',
  );
}

/** An adapter gives one device only, and is asked for anew; drivers have said by then what they print. */
function twinsOf(instance: GPU, options: DeviceOptions): Twins {
  const open = async () => {
    const adapter = await requestAdapter(instance);
    if (!adapter) throw new DeviceError('The adapter is gone: no second device could be opened.');
    return deviceFrom(adapter, options, { waitSoftware: restfully });
  };
  return { most: Math.min(availableParallelism() - 1, MOST_TWINS), open };
}

/**
 * Opens the best device there is, or the one asked for.
 * @throws ConfigError for options that are unknown or out of range
 * @throws DeviceError naming what was looked for
 */
export async function openDevice(options: OpenOptions = {}): Promise<Device> {
  expectDeviceOptions(options, ['adapter']);
  const choice = choiceOf(options.adapter);
  const variants = { ...variantsOf('PLANEWISE_VARIANT'), ...options.variants };
  const winograd = options.winograd ?? switchOf('PLANEWISE_WINOGRAD');
  return quietly(async () => {
    const { instance, adapter } = await find(choice);
    const release = () => setImmediate(() => instances.delete(instance));
    const all = { ...options, variants, winograd };
    return deviceFrom(adapter, all, { release, waitSoftware: restfully, twins: twinsOf(instance, all) });
  });
}
