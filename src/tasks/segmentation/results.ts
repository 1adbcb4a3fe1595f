/** @file What the measures of many stacks come to: results by class, beside those of the trivial answer. */
import { mean } from '../../base/statistics.ts';
import { capital } from '../../base/words.ts';
import { type Figure, figureNames, figures, type Measures } from '../../results/figures.ts';
import { fixed, type Result } from '../../results/result.ts';
import { subjectMeans } from '../../results/subjects.ts';
import { type Summary, summarize } from '../../results/summary.ts';
import { type Ejection, ejections, type MeasuredStack, volumesOf } from './measures.ts';

/**
 * Whether a stack has the figure, or would if the network had found the class. There is no distance to a truth without
 * the class, and neither distance nor volume where slices are not evenly spaced.
 */
function has(figure: Figure, measures: Measures): boolean {
  if (figure === 'volumeErrorMl') return measures.truthMl !== null;
  return measures.missing === 'predicted' || figures[figure].of(measures) !== null;
}

/** A class of all stacks that have it, in truth or by the network. */
interface ClassRows {
  readonly name: string;
  readonly rows: readonly { readonly subject: string; readonly ours: Measures; readonly trivial: Measures }[];
  /** Stacks in which nobody has it. */
  readonly absent: number;
}

function classRows(stacks: readonly MeasuredStack[], name: string, label: number): ClassRows {
  const all = stacks.map(({ stack, ours, trivial }) => ({
    subject: stack.subject,
    ours: ours[label - 1]!,
    trivial: trivial[label - 1]!,
  }));
  const rows = all.filter(({ ours }) => ours.missing !== 'both');
  return { name, rows, absent: all.length - rows.length };
}

/** What makes the numbers of a class other than they seem. */
function caveats({ name, rows, absent }: ClassRows): string[] {
  const [lost, invented] = (['predicted', 'truth'] as const).map(
    (who) => rows.filter(({ ours }) => ours.missing === who).length,
  );
  const uneven = rows.filter(({ ours }) => ours.missing === null && ours.hausdorffMm === null).length;
  const title = capital(name);
  const of = (count: number) => `${count} of ${rows.length}`;
  return [
    ...(lost
      ? [`${title}, volumes in which it was not found, of Dice 0 and without distances: ${of(lost)}.`]
      : []),
    ...(invented
      ? [`${title}, volumes in which it was found though the mask has none, of Dice 0: ${of(invented)}.`]
      : []),
    ...(absent
      ? [`${title}, volumes that are not scored, for it was neither found nor is there: ${absent}.`]
      : []),
    ...(uneven
      ? [`${title}, volumes of unevenly spaced slices, of which only Dice is told: ${of(uneven)}.`]
      : []),
  ];
}

/** Rows that have a figure, of those the network's figures, and the trivial ones of the same volumes. */
function scoredBy(figure: Figure, rows: ClassRows['rows']) {
  const { of } = figures[figure];
  const scored = rows.filter(({ ours }) => has(figure, ours));
  const answered = scored.filter(({ ours }) => of(ours) !== null);
  return {
    scored,
    network: summarize(scored.map(({ ours }) => of(ours))),
    trivial: summarize(answered.map(({ trivial }) => of(trivial))),
  };
}

function resultOf(figure: Figure, { name, rows }: ClassRows, notes: readonly string[] = []): Result {
  const { title, unit, digits, better, of } = figures[figure];
  const { scored, network, trivial } = scoredBy(figure, rows);
  return {
    ...{
      key: `segmentation.${name}.${figure}`,
      title: `${capital(name)}, ${title}`,
      unit,
      digits,
      better,
      notes,
    },
    value: network.mean,
    trivial: trivial.mean,
    about: `mean of ${network.count} volumes; median ${fixed(network.median, digits)}`,
    count: scored.length,
    missing: scored.filter(({ ours }) => ours.missing === 'predicted').length,
    bySubject: subjectMeans(scored, ({ ours }) => of(ours)),
  };
}

/** Dice always; other figures where a stack has them: single slices have no volume, say. */
function resultsOf(rows: ClassRows): Result[] {
  const [, ...others] = figureNames;
  const measured = others
    .map((figure) => ({ ...resultOf(figure, rows), detail: true }))
    .filter(({ count }) => count > 0);
  return [resultOf('dice', rows, caveats(rows)), ...measured];
}

/** Of each subject the mean over the classes of its means over volumes. */
const overClasses = (each: readonly Result[]): Map<string, number> =>
  subjectMeans(
    each.flatMap(({ bySubject }) => [...bySubject].map(([subject, value]) => ({ subject, value }))),
    ({ value }) => value,
  );

/** Over classes, of the means over volumes. */
function meanDice(classes: readonly ClassRows[], each: readonly Result[]): Result {
  const over = (of: (result: Result) => number | null) => mean(each.map(of).filter((v) => v !== null));
  const rows = classes.flatMap((one) => one.rows);
  return {
    ...{
      key: 'segmentation.dice',
      title: 'Dice, mean of the classes',
      unit: '',
      digits: 3,
      better: 'higher',
    },
    value: over(({ value }) => value),
    trivial: over(({ trivial }) => trivial),
    about: `mean of ${each.filter(({ value }) => value !== null).length} classes`,
    count: rows.length,
    missing: rows.filter(({ ours }) => ours.missing === 'predicted').length,
    notes: [],
    bySubject: overClasses(each),
  };
}

/** @param usual mean ejection fraction of the training hearts */
function ejectionResult(name: string, hearts: readonly Ejection[], usual: number | null): Result {
  const errorOf = ({ predicted, truth }: Ejection) =>
    predicted === null ? null : Math.abs(predicted - truth);
  const errors = summarize(hearts.map(errorOf));
  const answered = hearts.filter(({ predicted }) => predicted !== null);
  const trivial = usual === null ? null : mean(answered.map(({ truth }) => Math.abs(usual - truth)));
  return {
    key: `segmentation.${name}.ejectionFraction`,
    title: `${capital(name)}, ejection fraction, mean error`,
    ...{ unit: ' %', digits: 1, better: 'lower', value: errors.mean, trivial, notes: [] },
    about: `mean absolute error of ${errors.count} hearts, percentage points; trivial: the training hearts’ mean`,
    count: hearts.length,
    missing: errors.missing,
    bySubject: subjectMeans(hearts, errorOf),
  };
}

export interface Asked {
  /** Background first. */
  readonly classes: readonly string[];
  /** Names of the classes that eject. */
  readonly chambers: readonly string[];
  /** Mean ejection fraction of the training hearts, by class. */
  readonly usualEjection: (label: number) => number | null;
}

/** A class's part of evaluation.json. */
type ClassSummary = Readonly<Record<string, { readonly network: Summary; readonly trivial: Summary }>>;

const summaryOf = ({ rows }: ClassRows): ClassSummary =>
  Object.fromEntries(
    figureNames.map((figure) => {
      const { network, trivial } = scoredBy(figure, rows);
      return [figure, { network, trivial }];
    }),
  );

/** Results, and what goes into evaluation.json; no results without a stack. */
export function outcome(
  stacks: readonly MeasuredStack[],
  { classes, chambers, usualEjection }: Asked,
): { results: Result[]; summary: object | null } {
  if (stacks.length === 0) return { results: [], summary: null };
  const byClass = classes.slice(1).map((name, i) => classRows(stacks, name, i + 1));
  const each = byClass.map(resultsOf);
  const ejecting = classes.flatMap((name, label) => {
    const hearts = label > 0 && chambers.includes(name) ? ejections(stacks, volumesOf(label)) : [];
    return hearts.length > 0 ? [ejectionResult(name, hearts, usualEjection(label))] : [];
  });
  const overall = meanDice(
    byClass,
    each.map(([first]) => first!),
  );
  return {
    results: [overall, ...each.flat(), ...ejecting],
    summary: {
      volumes: stacks.length,
      dice: overall.value,
      trivialDice: overall.trivial,
      classes: Object.fromEntries(byClass.map((one) => [one.name, summaryOf(one)])),
      ejectionFraction: Object.fromEntries(
        ejecting.map(({ key, value, trivial, count, missing }) => [
          key.split('.')[1]!,
          { error: value, trivialError: trivial, hearts: count, missing },
        ]),
      ),
    },
  };
}
