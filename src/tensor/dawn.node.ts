/** @file Dawn's instances in Node, and the adapters that the system's Vulkan drivers or the embedded one give it. */
import { constants } from 'node:os';
import { refusedVariable, switchOf, variable } from '../base/environment.node.ts';
import { DeviceError } from '../base/errors.ts';
import {
  embeddedDriver,
  loadDawn,
  loadEmbeddedLoader,
  selectDrivers,
  systemDrivers,
} from './adapters.node.ts';
import { isSoftware } from './caps.ts';
import { quietly } from './stderr.node.ts';

// Dawn's instances must outlive their devices, or the process aborts.
const instances = new Set<GPU>();
let globalsInstalled = false;
let systemIcds: string | undefined;
let systemLoader: boolean | undefined;

/** How a GPU is opened. */
export interface Opening {
  readonly boundsChecks: boolean;
  /** Whether matrix units are offered, which Dawn calls unsafe. */
  readonly matrices: boolean;
}

/** Software adapters are guarded, and show matrix units only where the environment asks for them. */
const guarded = (): Opening => ({ boundsChecks: true, matrices: switchOf('PLANEWISE_MATRICES', 'off') });

/** What Dawn is asked for beyond its defaults. */
function toggles({ boundsChecks, matrices }: Opening): string[] {
  return [
    ...(boundsChecks ? [] : ['disable_robustness']),
    // Dawn hides it on NVIDIA under Vulkan, for old drivers' sake (crbug 42251215).
    'vulkan_enable_f16_on_nvidia',
    // Shows features that are not yet part of WebGPU; with it come others nobody asks for.
    ...(matrices ? ['allow_unsafe_apis'] : []),
  ];
}

/** @param name part of an adapter's name; the drivers' first where none is asked for */
async function createInstance(opening: Opening = guarded(), name?: string): Promise<GPU> {
  const { create, globals } = await loadDawn();
  if (!globalsInstalled) {
    Object.assign(globalThis, globals);
    globalsInstalled = true;
  }
  const features = `enable-dawn-features=${toggles(opening).join(',')}`;
  const instance = await quietly(async () => create(name ? [features, `adapter=${name}`] : [features]));
  instances.add(instance);
  return instance;
}

/** Whether a Vulkan loader is installed; Dawn looks for one on Linux only. */
export function hasSystemLoader(): boolean {
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

export interface Found {
  readonly instance: GPU;
  readonly adapter: GPUAdapter;
}

/** Dawn and the drivers write what they think of each other to standard error, where nobody asked for it. */
export function requestAdapter(instance: GPU): Promise<GPUAdapter | null> {
  return quietly(() => instance.requestAdapter({ powerPreference: 'high-performance' }));
}

/** Names of all adapters of the system's drivers, which Dawn tells only where it is asked for one that there is not. */
export async function adapterNames(): Promise<string[]> {
  if (!(await hasDrivers())) return [];
  selectSystem();
  const instance = await createInstance(guarded(), 'no adapter is called so');
  const told = await requestAdapter(instance).then(
    () => '',
    (error: unknown) => String(error),
  );
  release(instance);
  return [...told.matchAll(/name: '(.*)'/g)].map(([, name]) => name!);
}

/** What PLANEWISE_GPU says. */
const askedName = (): string | undefined => variable('PLANEWISE_GPU');

const noneCalled = (name: string, names: readonly string[]): DeviceError =>
  new DeviceError(
    refusedVariable(
      'PLANEWISE_GPU',
      name,
      `part of the name of an adapter is needed; there are: ${names.join(', ') || 'none'}`,
    ),
  );

/** The adapter that PLANEWISE_GPU names, or the drivers' first. @throws DeviceError where none is called so */
async function requestSystem(opening: Opening): Promise<Found | undefined> {
  const name = askedName();
  const instance = await createInstance(opening, name);
  try {
    const adapter = await requestAdapter(instance);
    if (adapter) return { instance, adapter };
  } catch (error) {
    if (!name) throw error;
    throw noneCalled(name, await adapterNames());
  }
  release(instance);
  return undefined;
}

async function requestFrom(instance: GPU): Promise<Found | undefined> {
  const adapter = await requestAdapter(instance);
  if (adapter) return { instance, adapter };
  release(instance);
  return undefined;
}

/** ICD files that the user names, or that are installed. */
export function driverFiles(): string[] {
  // Asked once: they are changed to choose the embedded driver.
  systemIcds ??= process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES ?? '';
  return systemIcds ? systemIcds.split(':') : systemDrivers();
}

/** Whether the system's drivers can be asked: by its loader, or by the one that is carried where it has drivers alone. */
async function hasDrivers(): Promise<boolean> {
  if (hasSystemLoader()) return true;
  if (driverFiles().length === 0) return false;
  try {
    loadEmbeddedLoader(await embeddedDriver());
    return true;
  } catch {
    return false;
  }
}

/** Has the loader see the system's drivers, or those that the user names. */
function selectSystem(): void {
  driverFiles();
  if (systemIcds) {
    selectDrivers(systemIcds.split(':'));
    return;
  }
  delete process.env.VK_DRIVER_FILES;
  delete process.env.VK_ICD_FILENAMES;
}

/**
 * The system's adapter, as asked where it is a GPU.
 * @throws DeviceError where PLANEWISE_GPU names an adapter that there is not
 */
export async function findSystem(opening: Opening = guarded()): Promise<Found | undefined> {
  const name = askedName();
  if (!(await hasDrivers())) {
    if (name) throw noneCalled(name, []);
    return undefined;
  }
  selectSystem();
  const found = await requestSystem(opening);
  const plain = guarded();
  const isPlain = opening.boundsChecks === plain.boundsChecks && opening.matrices === plain.matrices;
  if (isPlain || !found || !isSoftware(found.adapter.info)) return found;
  release(found.instance);
  return requestSystem(plain);
}

export async function findEmbedded(): Promise<Found | undefined> {
  const icd = await embeddedDriver();
  if (!hasSystemLoader()) loadEmbeddedLoader(icd);
  driverFiles();
  selectDrivers([icd]);
  return requestFrom(await createInstance());
}

/** Lets go of an instance whose devices are gone. */
export const release = (instance: GPU): void => {
  instances.delete(instance);
};
