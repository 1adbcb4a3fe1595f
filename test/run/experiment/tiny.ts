/** @file An experiment that runs in seconds: two initialisations, two counts of labelled subjects, two seeds. */
const grid = { size: 16, spacingMm: 12, batch: 4, checkpointEvery: 4, validateEvery: 4 };
const hearts = (seed: number) => ({ subjects: 4, phases: 1, size: 32, seed });

export const tiny = {
  name: 'tiny',
  base: { ...grid, adapter: 'swiftshader', model: { width: 4, depth: 2 }, phantom: hearts(11) },
  initialisations: {
    scratch: null,
    pretrained: { pretraining: { ...grid, steps: 8, phantom: hearts(12) } },
  },
  subjects: { test: { seed: 13, subjects: 3 } },
  labelled: [1, 2],
  steps: [8],
  seeds: [1, 2],
};

/** The report without what the clock says. */
export const withoutTimes = (report: string): string =>
  report.replaceAll(/(<td class="number time">)[^<]*/g, '$1');
