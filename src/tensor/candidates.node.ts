/** @file Every way to get an adapter in Node, and what is in the way of a GPU. */
import { adapterName, isSoftware } from './caps.ts';
import { driverFiles, findEmbedded, findSystem, hasSystemLoader } from './dawn.node.ts';
import { type AdapterChoice, choiceOf } from './environment.node.ts';
import { linux, type Probe, probe } from './probes.node.ts';

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

function hasHalf(adapter: GPUAdapter | undefined): boolean {
  return adapter?.features.has('shader-f16') ?? false;
}

/**
 * Every way to get an adapter here, in the order of preference, and why each was or was not taken.
 * @throws ConfigError for an unknown one
 * @example
 * Array.isArray(await listCandidates()); // true
 */
export async function listCandidates(forced?: AdapterChoice): Promise<Candidate[]> {
  const choice = choiceOf(forced);
  const system = await findSystem();
  const name = system ? adapterName(system.adapter.info) : null;
  const software = system !== undefined && isSoftware(system.adapter.info);
  const embedded = await findEmbedded().catch((error: Error) => error);
  const embeddedName = embedded instanceof Error || !embedded ? null : adapterName(embedded.adapter.info);
  const gpuTaken = name !== null && !software && choice !== 'swiftshader';
  const systemTaken = software && (choice === undefined || choice === 'system');
  const rest = !gpuTaken && !systemTaken && choice !== 'gpu' && choice !== 'system';
  const drivers = driverFiles().length;
  const missing =
    hasSystemLoader() || drivers > 0
      ? `no driver Dawn accepts (${drivers} Vulkan driver files installed)`
      : 'neither a Vulkan loader (libvulkan.so.1) nor a driver is installed';
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

/** What lies between this process and a GPU; none where Dawn does not use Vulkan. */
export const probeSystem = (): Probe[] =>
  process.platform === 'linux' ? probe(linux, driverFiles(), hasSystemLoader()) : [];
