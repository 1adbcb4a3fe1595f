/** @file Numbers as results keep them. */

/** With so many significant digits. */
export const rounded = (value: number, digits = 3): number => Number(value.toPrecision(digits));
