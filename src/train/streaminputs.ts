/** @file A stream's batch on the device: one buffer, written once a step, and the tensors that lie in it. */
import * as ops from '../autograd/ops.ts';
import { type Changes, changesOf } from '../data/appearance.ts';
import { type Batch, BatchLayout, type Section } from '../data/batch.ts';
import type { Field } from '../data/field.ts';
import { batchFields, oneImage } from '../data/input.ts';
import { moved } from '../tasks/moves.ts';
import type { Step, TaskInput } from '../tasks/task.ts';
import { zeros } from '../tensor/create.ts';
import type { Device } from '../tensor/device.ts';
import { disown } from '../tensor/scope.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { PlannedTask, Stream } from './plan.ts';

/** What a forward pass of a stream begins with. */
export interface StreamStep extends Omit<Step, 'out' | 'number'> {
  /** What the network sees: the images, altered where the input does. */
  readonly seen: Tensor;
}

const noChanges = changesOf({});

export class StreamInputs {
  readonly tasks: readonly PlannedTask[];
  readonly #input: TaskInput;
  readonly #layout: BatchLayout;
  readonly #whole: Tensor;
  readonly #tensors: ReadonlyMap<Section, Tensor>;

  constructor(device: Device, { input, tasks }: Stream, examples: number, size: number) {
    const fields = batchFields(
      input,
      tasks.flatMap(({ part }) => part.fields),
    );
    this.tasks = tasks;
    this.#input = input;
    this.#layout = new BatchLayout({ examples, views: input.views, size }, fields);
    this.#whole = disown(zeros(device, [this.#layout.byteLength / 4], 'f32', 'batch'));
    this.#tensors = new Map(this.#layout.sections.map((section) => [section, this.#place(section)]));
  }

  write(batch: Batch): void {
    this.#whole.fill(batch.bytes);
  }

  /** Images and labels as the batch's augmentation moves and changes them. @param changes beside gain and offset */
  moved(changes: Changes = noChanges): StreamStep {
    const matrices = this.#tensor(this.#layout.matrices);
    const displacement = changes.elastic ? this.#displacement() : null;
    const labels = new Map(
      this.#layout.fields.map((field) => {
        const [values, mask] = [this.#layout.values(field), this.#layout.mask(field)].map((at) =>
          this.#tensor(at),
        );
        return [field, moved(field, values!, mask!, { matrices, displacement })] as const;
      }),
    );
    const images = ops.warp(
      this.#tensor(this.#layout.images),
      matrices,
      this.#tensor(this.#layout.gainOffset),
      { displacement },
    );
    const stored = this.#stored();
    // what is not moved is no field of this stream, which is refused there
    const at = (field: Field): Tensor => labels.get(field) ?? stored.at(field);
    const clean = this.#changed(images, changes);
    return { ...stored, images: clean, seen: this.#input.alter?.(clean, at) ?? clean, at };
  }

  /** Images and labels as evaluations see them: as they are stored, unless it is the input that moves them. */
  still(): StreamStep {
    return this.#input === oneImage ? this.#stored() : this.moved();
  }

  #displacement(): Tensor {
    const { size } = this.#layout.sizes;
    return ops.splineImage(this.#tensor(this.#layout.controls), { size: [size, size] });
  }

  /** In the order in which images come about: resolution, noise, then the field and how the image is windowed. */
  #changed(images: Tensor, { blur, noise, intensity }: Changes): Tensor {
    const at = this.#layout.appearance;
    const blurred = blur ? ops.gaussianBlur(images, this.#tensor(at.blur)) : images;
    const noisy = noise ? ops.addNoise(blurred, this.#tensor(at.noise), this.#tensor(at.noiseKeys)) : blurred;
    return intensity ? ops.adjustIntensity(noisy, this.#tensor(at.intensity)) : noisy;
  }

  #stored(): StreamStep {
    const images = this.#tensor(this.#layout.images);
    return {
      images,
      seen: images,
      at: (field) => this.#tensor(this.#layout.values(field)),
      mask: (field) => this.#tensor(this.#layout.mask(field)),
    };
  }

  dispose(): void {
    for (const tensor of this.#tensors.values()) tensor.dispose();
    this.#whole.dispose();
  }

  #tensor(section: Section): Tensor {
    return this.#tensors.get(section)!;
  }

  #place({ name, shape, dtype, start }: Section): Tensor {
    const { device, storage } = this.#whole;
    return disown(new Tensor(device, storage.retain(), { shape, dtype }, name, start));
  }
}
