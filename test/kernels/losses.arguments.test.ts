import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

/** What plain JavaScript may pass. */
const any = (value: unknown) => value as never;
const floats = (...shape: number[]) => zeros(device(), shape as Shape);
const numbers = (...shape: number[]) => zeros(device(), shape, 'i32');

type Case = readonly [action: () => Tensor, message: RegExp];

function refuses(what: string, cases: () => readonly Case[]): void {
  it(`${what}, and names the call, the argument and what is wrong`, () => {
    for (const [action, message] of cases()) {
      expect(action, String(message)).toThrow(ShapeError);
      expect(action).toThrow(message);
    }
  });
}

const elementLosses = { mse: ops.mse, l1: ops.l1, smoothL1: ops.smoothL1, huber: ops.huber };
const logitLosses = { bceWithLogits: ops.bceWithLogits, sigmoidFocal: ops.sigmoidFocal };
const classLosses = {
  crossEntropy: ops.crossEntropy,
  softmaxFocal: ops.softmaxFocal,
  softDice: ops.softDice,
};

describe('losses refuse', () => {
  for (const [name, loss] of Object.entries({ ...elementLosses, ...logitLosses })) {
    const second = name in elementLosses ? 'target' : 'targets';
    const says = (rest: string) => new RegExp(`^${name}: ${rest}`);
    refuses(`${name} sides that do not fit`, () => [
      [() => loss(floats(2, 1), floats(2)), says(`${second} has shape \\[2\\]`)],
      [() => loss(numbers(2), floats(2)), says('(prediction|logits) has dtype i32')],
      [() => loss(floats(2), numbers(2)), says(`${second} has dtype i32`)],
      [() => loss(floats(2), any(undefined)), says(`${second} is undefined`)],
      [() => loss(any([1, 2]), floats(2)), says('(prediction|logits) is \\[1, 2\\]')],
      [() => loss(floats(2), floats(2), { mask: numbers(2) }), says('mask has dtype i32')],
      [() => loss(floats(2), floats(2), { mask: floats(1) }), says('mask has shape \\[1\\]')],
      [() => loss(floats(2), floats(2), { mask: any(1) }), says('mask is 1')],
      [() => loss(floats(2), floats(2), { reduction: any('none') }), says("reduction is 'none'")],
      [() => loss(floats(2), floats(2), any({ gama: 2 })), says('option gama is unknown')],
      [() => loss(floats(2), floats(2), any(null)), says('options is null')],
    ]);
  }

  refuses('maskedMse a mask that is missing', () => [
    [() => ops.maskedMse(floats(2), floats(2), any(undefined)), /^maskedMse: mask is undefined/],
    [() => ops.maskedMse(floats(2), floats(3), floats(2)), /^maskedMse: target has shape/],
  ]);

  refuses('smoothL1, huber, bceWithLogits and sigmoidFocal numbers out of range', () => {
    const [p, t] = [floats(2, 3), floats(2, 3)];
    return [
      [() => ops.smoothL1(p, t, -1), /^smoothL1: beta is -1/],
      [() => ops.smoothL1(p, t, { beta: Number.NaN }), /^smoothL1: beta is NaN/],
      [() => ops.smoothL1(p, t, { beta: any('1') }), /^smoothL1: beta is '1'/],
      [() => ops.huber(p, t, { delta: 0 }), /^huber: delta is 0/],
      [() => ops.bceWithLogits(p, t, { posWeight: -1 }), /^bceWithLogits: posWeight is -1/],
      [() => ops.bceWithLogits(p, t, { posWeight: floats(2) }), /^bceWithLogits: posWeight has shape \[2\]/],
      [() => ops.bceWithLogits(p, t, { posWeight: numbers(3) }), /^bceWithLogits: posWeight has dtype i32/],
      [
        () => ops.bceWithLogits(floats(), floats(), { posWeight: floats(1) }),
        /^bceWithLogits: posWeight is a/,
      ],
      [() => ops.sigmoidFocal(p, t, { alpha: 1.5 }), /^sigmoidFocal: alpha is 1.5/],
      [() => ops.sigmoidFocal(p, t, { gamma: -1 }), /^sigmoidFocal: gamma is -1/],
    ];
  });

  for (const [name, loss] of Object.entries(classLosses)) {
    const says = (rest: string) => new RegExp(`^${name}: ${rest}`);
    refuses(`${name} logits and labels that do not fit`, () => [
      [() => loss(floats(2, 3, 4), numbers(2, 4)), says('labels has shape \\[2, 4\\]')],
      [() => loss(floats(2, 3), floats(2)), says('labels have dtype f32')],
      [() => loss(floats(2, 3), any(undefined)), says('labels is undefined')],
      [() => loss(numbers(2, 3), numbers(2)), says('logits has dtype i32')],
      [() => loss(floats(), numbers()), says('logits have shape \\[\\]')],
      [() => loss(floats(2, 0), numbers(2)), says('logits have shape \\[2, 0\\]')],
      [() => loss(floats(2, 3), numbers(2), { ignoreIndex: 1.5 }), says('ignoreIndex is 1.5')],
      [() => loss(floats(2, 3), numbers(2), { ignoreIndex: 2 ** 32 }), says('ignoreIndex is 4294967296')],
      [() => loss(floats(2, 3), numbers(2), { ignoreIndex: Number.NaN }), says('ignoreIndex is NaN')],
      [
        () => loss(floats(2, 3), numbers(2), any({ ignoredIndex: 1 })),
        says('option ignoredIndex is unknown'),
      ],
    ]);
  }

  refuses('crossEntropy and softmaxFocal weights and numbers that do not fit', () => {
    const [x, labels] = [floats(2, 3), numbers(2)];
    const weights = tensor(device(), [1, 2, 3], [3], 'i32');
    return [
      [
        () => ops.crossEntropy(x, labels, { classWeights: weights }),
        /^crossEntropy: classWeights has dtype i32/,
      ],
      [
        () => ops.crossEntropy(x, labels, { classWeights: floats(2) }),
        /^crossEntropy: classWeights has shape/,
      ],
      [
        () => ops.crossEntropy(x, labels, { classWeights: any([1, 2, 3]) }),
        /^crossEntropy: classWeights is \[1/,
      ],
      [() => ops.crossEntropy(x, labels, { labelSmoothing: 1.1 }), /^crossEntropy: labelSmoothing is 1.1/],
      [() => ops.crossEntropy(x, labels, { reduction: any('max') }), /^crossEntropy: reduction is 'max'/],
      [() => ops.softmaxFocal(x, labels, { alpha: weights }), /^softmaxFocal: alpha has dtype i32/],
      [() => ops.softmaxFocal(x, labels, { alpha: any(0.25) }), /^softmaxFocal: alpha is 0.25/],
      [() => ops.softmaxFocal(x, labels, { gamma: Number.NaN }), /^softmaxFocal: gamma is NaN/],
      [() => ops.softmaxFocal(x, labels, { reduction: any('none') }), /^softmaxFocal: reduction is 'none'/],
    ];
  });

  refuses('softDice options that do not fit', () => {
    const [x, labels] = [floats(2, 3), numbers(2)];
    return [
      [() => ops.softDice(x, labels, { epsilon: Number.NaN }), /^softDice: epsilon is NaN/],
      [() => ops.softDice(x, labels, -1), /^softDice: epsilon is -1/],
      [() => ops.softDice(x, labels, { background: any(0) }), /^softDice: background is 0/],
      [() => ops.softDice(x, labels, { perImage: any('yes') }), /^softDice: perImage is 'yes'/],
      [
        () => ops.softDice(floats(2, 1), labels, { background: false }),
        /^softDice: logits have shape \[2, 1\]/,
      ],
      [() => ops.softDice(floats(3), numbers(), { perImage: true }), /^softDice: logits have shape \[3\]/],
    ];
  });
});
