/** @file What a caller can choose about phantom knees. */
import { ConfigError } from '../../../base/errors.ts';
import { refused } from '../../../base/needed.ts';
import { phantomTraits } from '../names.ts';
import { checkDifficulty, checkInteger, type PhantomDifficulty } from '../settings.ts';

export interface KneeOptions {
  /** Default `mid`. */
  readonly difficulty?: PhantomDifficulty;
  /** Side of the square images in pixels, 16 … 512. Default 256. */
  readonly size?: number;
  /** Pixel spacing in mm, 0.27 … 16. Default 140 / size: a field of view of 140 mm. */
  readonly spacingMm?: number;
}

export type KneeSettings = Required<KneeOptions>;

/**
 * Fills in defaults and checks ranges.
 * @throws ConfigError naming the option that is out of range.
 */
export function kneeSettings(options: KneeOptions = {}): KneeSettings {
  const { difficulty = 'mid', size = 256 } = options;
  const spacingMm = options.spacingMm ?? phantomTraits.knee.fieldMm / size;
  checkDifficulty(difficulty);
  checkInteger('size', size, 16, 512);
  if (!(spacingMm >= 0.27 && spacingMm <= 16)) {
    throw new ConfigError(`phantom: ${refused('spacing ', spacingMm, '0.27 to 16 mm are needed')}.`);
  }
  return { difficulty, size, spacingMm };
}
