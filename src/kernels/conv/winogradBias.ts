/** @file The bias's gradient beside Winograd's form on a GPU, which needs more invocations for it than there are channels. */
import { empty } from '../../tensor/create.ts';
import type { Device } from '../../tensor/device.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { reluGrad } from '../unary.ts';
import { finishGrad } from './finishGrad.ts';

/** db from the gradient of y, masked by y where the convolution ended in a ReLU. */
export function sumBias(device: Device, grad: Tensor, y: Tensor | null | undefined, db: Tensor): void {
  const label = 'conv2dWeightGrad';
  if (!y) {
    finishGrad(device, undefined, { dy: grad, db }, label);
    return;
  }
  using dy = empty(device, grad, 'reluGrad');
  reluGrad.launch(device, [y, grad], [dy], null);
  finishGrad(device, undefined, { dy, db }, label);
}
