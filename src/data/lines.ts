/** @file Lines as the field draws them. */

/** σ of a line's heatmap, mm, where nothing else is said: 6 px of 1.26 mm (paper §1). */
export const defaultSigmaMm = 7.56;
