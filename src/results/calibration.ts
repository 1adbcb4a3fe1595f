/** @file Whether answers are right as often as they claim: bins of confidence, and the expected calibration error. */
import { ShapeError } from '../base/errors.ts';
import { mean } from '../base/statistics.ts';

export interface Claim {
  /** Probability of the answer, 0 … 1. */
  readonly confidence: number;
  readonly right: boolean;
}

/** Claims of a confidence from `from` to below `to`; the last bin holds 1 too. */
export interface CalibrationBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Mean; null in an empty bin. */
  readonly confidence: number | null;
  /** Share that is right; null in an empty bin. */
  readonly accuracy: number | null;
}

export interface Calibration {
  /** Expected calibration error: Σ count/all · |accuracy − confidence| over the bins; null without claims. */
  readonly error: number | null;
  readonly bins: readonly CalibrationBin[];
}

/**
 * Bins of equal width, as Guo et al. (ICML 2017) have them.
 * @throws ShapeError for a confidence outside 0 … 1
 */
export function calibrationOf(claims: readonly Claim[], count = 10): Calibration {
  const wrong = claims.find(({ confidence }) => !(confidence >= 0 && confidence <= 1));
  if (wrong)
    throw new ShapeError('calibrationOf', 'claims', `hold confidence ${wrong.confidence}`, 'Give 0 to 1.');
  const binOf = ({ confidence }: Claim): number => Math.min(count - 1, Math.floor(confidence * count));
  const bins = Array.from({ length: count }, (_, i): CalibrationBin => {
    const own = claims.filter((claim) => binOf(claim) === i);
    return {
      ...{ from: i / count, to: (i + 1) / count, count: own.length },
      confidence: mean(own.map(({ confidence }) => confidence)),
      accuracy: mean(own.map(({ right }) => Number(right))),
    };
  });
  const gaps = bins.map((bin) => bin.count * Math.abs((bin.accuracy ?? 0) - (bin.confidence ?? 0)));
  const error = claims.length > 0 ? gaps.reduce((sum, gap) => sum + gap, 0) / claims.length : null;
  return { error, bins };
}
