/** @file The weights that predict, on the page's own device: loaded again where that is lost, or the page was reloaded. */
import { openDevice } from '#device';
import { ConfigError } from '../../src/base/errors.ts';
import type { PreparedManifest } from '../../src/data/types.ts';
import type { Device } from '../../src/tensor/device.ts';
import { readText, writeText } from '../../src/train/runfiles.ts';
import { weightsFile } from '../../src/train/weightsfile.ts';
import type { WeightsSummary } from '../protocol.ts';
import { BrowserFiles } from '../store.ts';
import { builtinName, fetchBuiltin } from './builtin.ts';
import type { StartWeights } from './training.ts';
import { type LoadedWeights, openWeights, startWeights, summaryOf } from './weights.ts';

/** Where weights come from, as it is kept. */
type Origin =
  | { readonly kind: 'file'; readonly name: string }
  | { readonly kind: 'builtin' }
  /** A run of this page, by its folder. */
  | { readonly kind: 'run'; readonly name: string; readonly folder: string };

interface Source {
  readonly origin: Origin;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const originFile = 'origin.json';

export class Loaded {
  readonly #files = new BrowserFiles('weights');
  readonly #manifest: () => PreparedManifest | null;
  #device: Device | null = null;
  #weights: LoadedWeights | null = null;
  /** What they were read from, for when their device is lost. */
  #source: Source | null = null;

  /** @param manifest of the data at hand, for weights that do not describe themselves */
  constructor(manifest: () => PreparedManifest | null) {
    this.#manifest = manifest;
  }

  /** The device for all but training; opened when first needed, and again when it was lost. */
  async device(): Promise<Device> {
    if (this.#device?.lost) this.#weights = this.#device = null;
    this.#device ??= await openDevice();
    return this.#device;
  }

  /** The loaded weights on a device that is not lost. Throws ConfigError where none are loaded. */
  async weights(): Promise<LoadedWeights> {
    await this.device();
    if (!this.#weights && this.#source) await this.#load(this.#source);
    if (this.#weights) return this.#weights;
    throw new ConfigError('No weights are loaded. Load a file, or take those of the run.');
  }

  /** What a training begins with; null where nothing is loaded. */
  async start(): Promise<StartWeights | null> {
    return this.#source && startWeights(await this.weights(), this.#source.bytes);
  }

  async fromFile(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<WeightsSummary> {
    return this.#take({ origin: { kind: 'file', name }, bytes });
  }

  async fromRun(
    name: string,
    { folder }: BrowserFiles,
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<WeightsSummary> {
    return this.#take({ origin: { kind: 'run', name, folder }, bytes });
  }

  async builtin(): Promise<WeightsSummary> {
    return this.#take({ origin: { kind: 'builtin' }, bytes: await fetchBuiltin() });
  }

  /** Those of an earlier visit; null where there were none, or the run they are of is deleted. */
  async restore(): Promise<WeightsSummary | null> {
    const text = await readText(this.#files, originFile);
    if (!text) return null;
    const origin = JSON.parse(text) as Origin;
    const bytes = await this.#bytesOf(origin);
    return bytes && this.#load({ origin, bytes: bytes as Uint8Array<ArrayBuffer> });
  }

  async clear(): Promise<void> {
    this.#weights?.network.dispose();
    this.#weights = this.#source = null;
    await this.#files.clear();
  }

  #bytesOf(origin: Origin): Promise<Uint8Array | null> {
    if (origin.kind === 'builtin') return fetchBuiltin();
    const files = origin.kind === 'run' ? new BrowserFiles(origin.folder) : this.#files;
    return files.read(weightsFile);
  }

  /** Loads, and keeps for the next visit: a run's weights and the page's own are kept already. */
  async #take(source: Source): Promise<WeightsSummary> {
    const summary = await this.#load(source);
    const { origin, bytes } = source;
    await this.#files.clear();
    if (origin.kind === 'file') await this.#files.write(weightsFile, bytes);
    await writeText(this.#files, originFile, JSON.stringify(origin));
    return summary;
  }

  async #load(source: Source): Promise<WeightsSummary> {
    const { origin, bytes } = source;
    const name = origin.kind === 'builtin' ? builtinName : origin.name;
    const own = origin.kind === 'run';
    const loaded = await openWeights(await this.device(), bytes, { name, own }, this.#manifest());
    this.#weights?.network.dispose();
    this.#weights = loaded;
    this.#source = source;
    return summaryOf(loaded);
  }
}
