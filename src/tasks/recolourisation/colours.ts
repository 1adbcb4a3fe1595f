/** @file Colour as Ross et al. have it: a* and b* of a frame of a video, to be told from its lightness. */
import { counted } from '../../base/lazy.ts';
import type { Reading } from './reading.ts';

/** In which the network tells colours, so that its numbers are about 1. */
const SCALE = 50;

export const colours: Reading = {
  maps: [
    { key: 'a', title: 'a*, green to red' },
    { key: 'b', title: 'b*, blue to yellow' },
  ],
  scale: SCALE,
  truthOf: (_among, sample) => sample.colours()?.map((v) => v / SCALE) ?? null,
  about: 'the colours of a frame, from its lightness',
  missing: 'in colour. Prepare frames in colour (PNG or JPEG)',
  unable: (training) => counted(training, (sample) => !sample.colours()),
  because: 'they have no colour',
  note: 'Errors of re-colourisation are mean absolute ones over all pixels, in units of CIELAB. The trivial answer is, of each map, the better of two: the mean of training images at each place, and grey.',
};
