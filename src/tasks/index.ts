/** @file Every task, one line each. */
import { anatomicalPosition } from './anatomicalPosition/index.ts';
import { classification } from './classification/index.ts';
import { contextRestoration } from './contextRestoration.ts';
import { contrastive } from './contrastive/index.ts';
import { jigsaw } from './jigsaw/index.ts';
import { location } from './location.ts';
import { longitudinal } from './longitudinal/index.ts';
import { maskedImage } from './maskedImage.ts';
import { modelsGenesis } from './modelsGenesis/index.ts';
import { orientation } from './orientation/index.ts';
import { recolourisation } from './recolourisation/index.ts';
import { reconstruction } from './reconstruction.ts';
import { rotation } from './rotation.ts';
import { rubiksCube, rubiksCubePlus } from './rubik/index.ts';
import { segmentation } from './segmentation/index.ts';
import { selfLoop } from './selfLoop/index.ts';
import { siameseDistance } from './siameseDistance/index.ts';
import { sliceOrder } from './sliceOrder/index.ts';
import { stackRotation } from './stackRotation.ts';
import type { Task } from './task.ts';

/** The tasks that a configuration can ask for. */
export const tasks: readonly Task[] = [
  orientation,
  location,
  segmentation,
  rotation,
  stackRotation,
  classification,
  anatomicalPosition,
  contextRestoration,
  modelsGenesis,
  reconstruction,
  recolourisation,
  maskedImage,
  contrastive,
  sliceOrder,
  longitudinal,
  siameseDistance,
  jigsaw,
  rubiksCube,
  rubiksCubePlus,
  selfLoop,
];
