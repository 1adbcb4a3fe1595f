import { describe, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import type { Caps } from '../../src/tensor/device.ts';
import { checkOp, random } from '../check.ts';
import { useDevice } from '../device.ts';
import * as reference from '../reference.ts';
import { forced } from './conv2d.cases.ts';

const device = useDevice();

/** What the forms see on adapters that these tests need not run on. */
const adapters: Readonly<Record<string, Partial<Caps>>> = {
  'on a GPU': { software: false, subgroupSize: 0, workgroup: 64, vendor: 'intel' },
  'on a GPU with many registers': { software: false, subgroupSize: 0, workgroup: 64, vendor: 'nvidia' },
  'without subgroups': { software: true, subgroupSize: 0 },
};

/** Runs `action` on the device as if it had other caps and with one variant of convolution forced. */
async function pretending(caps: Partial<Caps>, name: string, action: () => Promise<void>): Promise<void> {
  const { caps: own, options } = device();
  const before = { caps: { ...own }, options: { ...options } };
  Object.assign(own, caps);
  Object.assign(options, forced(name, name));
  try {
    await action();
  } finally {
    Object.assign(own, before.caps);
    Object.assign(options, { variants: undefined }, before.options);
  }
}

describe("Winograd's forms as they are taken on other adapters", () => {
  for (const [where, caps] of Object.entries(adapters)) {
    for (const name of ['winograd', 'winograd2'])
      it(
        `${name} ${where}: a convolution with ReLU and its gradients match f64`,
        () =>
          pretending(caps, name, async () => {
            // several blocks of tiles and channels, none of them whole; images that the tiles do not divide
            // all at once, of the input alone, and of weight and bias alone
            for (const [batch, height, width, k, m, padding] of [
              [2, 7, 10, 20, 36, 1],
              [2, 4, 5, 4, 68, 2],
            ] as const)
              for (const gradientOf of [[0, 1, 2], [0], [1, 2]])
                await checkOp(device(), {
                  inputs: [random([batch, height, width, k], 1), random([3, 3, k, m], 2), random([m], 3)],
                  forward: (x, w, b) => ops.conv2d(x, w, b, { padding, relu: true }),
                  reference(x, w, b) {
                    const y = reference.conv2d(x!, w!, b, { padding });
                    return { shape: y.shape, data: y.data.map((v) => Math.max(0, v)) };
                  },
                  reduction: 9 * Math.max(k, m) + batch * height * width,
                  gradientOf,
                });
          }),
        120_000,
      );
    it(`pair ${where}: a convolution of 2×2 images and its gradients match f64`, () =>
      pretending(caps, 'pair', () =>
        checkOp(device(), {
          inputs: [random([5, 2, 2, 20], 1), random([3, 3, 20, 36], 2), random([36], 3)],
          forward: (x, w, b) => ops.conv2d(x, w, b, { padding: 1 }),
          reference: (x, w, b) => reference.conv2d(x!, w!, b, { padding: 1 }),
          reduction: 9 * 36 + 20,
        }),
      ));
  }
});
