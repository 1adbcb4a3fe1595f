/** @file Colours of series: what belongs together (a reference view, a class) has one colour wherever it is drawn. */

export type Rgb = readonly [red: number, green: number, blue: number];

/** Apart for colour-blind eyes too, and bright on grey. */
const colours: readonly Rgb[] = [
  [255, 176, 0],
  [41, 196, 240],
  [240, 110, 190],
  [140, 220, 90],
  [160, 140, 255],
  [255, 115, 70],
  [0, 190, 150],
  [245, 235, 90],
];

export function seriesColour(series: number): Rgb {
  return colours[series % colours.length]!;
}

/** The series' colour for what is true: lighter, so that dashes show on what is predicted too. */
export function trueColour(series: number): Rgb {
  const [red, green, blue] = seriesColour(series).map((v) => Math.round(v + (255 - v) * 0.5));
  return [red!, green!, blue!];
}

export const css = (colour: Rgb): string => `rgb(${colour.join(' ')})`;
