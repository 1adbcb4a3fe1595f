/** @file How long an experiment still takes: seconds of a step, from runs that are finished or from a short try. */
import type { Unit } from './grid.ts';

type Kind = Unit['kind'];

/** Steps and the seconds they took, by kind of run. */
export class ExperimentPace {
  readonly #known = new Map<Kind, { steps: number; seconds: number }>();

  add(kind: Kind, steps: number, seconds: number): void {
    const { steps: before, seconds: took } = this.#known.get(kind) ?? { steps: 0, seconds: 0 };
    if (steps > 0 && seconds > 0) this.#known.set(kind, { steps: before + steps, seconds: took + seconds });
  }

  /** Seconds of so many steps; null where nothing of the kind was measured. */
  secondsOf(kind: Kind, steps: number): number | null {
    const known = this.#known.get(kind);
    return known ? (steps * known.seconds) / known.steps : null;
  }

  /** Seconds of all; null where a kind among them was not measured. */
  left(units: readonly { readonly kind: Kind; readonly steps: number }[]): number | null {
    const each = units.map(({ kind, steps }) => this.secondsOf(kind, steps));
    return each.includes(null) ? null : each.reduce((sum: number, seconds) => sum + seconds!, 0);
  }
}
