/** @file What to do where the browser has no WebGPU. */
import { card, h } from '../dom.ts';

const browsers: readonly (readonly [name: string, what: string])[] = [
  [
    'Chrome, Edge',
    'Version 113 or newer on Windows, macOS and Android has it. On Linux use version 144 or newer; with an older one open chrome://flags/#enable-unsafe-webgpu, enable it and restart. If hardware acceleration is off, turn it on under Settings › System.',
  ],
  ['Safari', 'Version 26 or newer, on macOS 26, iOS 26 or iPadOS 26. Update the system to get it.'],
  [
    'Firefox',
    'Version 141 or newer on Windows, 145 or newer on Macs with Apple silicon. Elsewhere use Firefox Nightly, or another browser.',
  ],
  [
    'A page opened as a file',
    'WebGPU needs https or localhost. Serve the folder, for example with npm run web.',
  ],
];

export function noWebGpu(problem: string): HTMLElement {
  const rows = browsers.map(([name, what]) => [h('dt', {}, name), h('dd', {}, what)]);
  return card(
    'This browser gives no WebGPU',
    h('p', {}, 'Training and predicting run on WebGPU. Data and studies can be looked at without it.'),
    h('p', { class: 'notice info' }, problem),
    h('dl', { class: 'browsers' }, rows),
  );
}
