export const training: readonly string[];
export const cohort: readonly string[];
export const weights: readonly string[];
