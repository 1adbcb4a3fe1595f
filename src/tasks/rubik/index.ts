/**
 * @file Rubik's cube (Zhuang et al., MICCAI 2019) and Rubik's cube+ (Zhu et al., Medical Image Analysis 2020): tiles of a
 * stack are exchanged and turned, and in the second partly hidden; tell how. The stack form.
 */
import * as ops from '../../autograd/ops.ts';
import { ConfigError } from '../../base/errors.ts';
import { counted } from '../../base/lazy.ts';
import { plural } from '../../base/words.ts';
import { companionsOf } from '../../data/companions.ts';
import { field } from '../../data/field.ts';
import type { Sample } from '../../data/sample.ts';
import { groupedHead } from '../../models/heads.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { classLoss } from '../classLoss.ts';
import { whole } from '../settings.ts';
import { defineTask, type Step, type Task } from '../task.ts';
import { mostOrders } from '../tiles/permutations.ts';
import { cubesOf, LEAST_SLICES, SLICES, sliceGroups, TILES, TOO_THIN } from './input.ts';
import { CubeJudge, type Question } from './judge.ts';

export interface RubikSettings {
  /** Orders that are told apart. */
  readonly orders: number;
  /** Numbers that each tile is brought to, before the tiles are looked at together. */
  readonly features: number;
  /** Width of the hidden layers that look at all tiles, one for each question. */
  readonly hidden: number;
}

/** Images whose stacks are too thin for them. */
function thinOf(training: readonly Sample[]): number {
  const among = companionsOf(training);
  return counted(training, (sample) => {
    const stack = among.stackOf(sample);
    const own = stack.findIndex(({ index }) => index === sample.index);
    return !sliceGroups(stack.length, own, () => 0);
  });
}

interface Variant extends Pick<Task, 'name' | 'title' | 'about' | 'lossTitle'> {
  /** Whether tiles are hidden, too. */
  readonly masks: boolean;
  /** Of every question's loss. */
  readonly weight: number;
  readonly tells: string;
}

const rubik = ({ masks, weight, tells, ...named }: Variant) =>
  defineTask<RubikSettings>({
    ...named,
    settings: {
      orders: whole({ from: 2, to: mostOrders[TILES] }),
      features: whole({ from: 1, to: 4096 }),
      hidden: whole({ from: 1, to: 4096 }),
    },
    defaults: { orders: 100, features: 64, hidden: 256 },
    setup(_facts, { orders: count, features, hidden }, grid) {
      const { name, title } = named;
      const cubes = cubesOf(name, grid, count, masks);
      const order = field('order', { kind: 'value', shape: [1], dtype: 'u32' });
      const sizes = { tiles: TILES, slices: SLICES, width: features, hidden, dropout: 0 };
      const orderHead = groupedHead(`${name}_order`, count, sizes);
      const question = (key: string, own: Question['table']): Question => ({
        head: groupedHead(`${name}_${key}`, own.shape[0]!, sizes),
        ...{ table: own, key, title: key },
      });
      const turns = question('turns', cubes.turned);
      const questions = masks ? [turns, question('masks', cubes.masked)] : [turns];
      const yesOrNo = (step: Step, { head, table }: Question): Tensor => {
        const targets = step.at(table);
        const known = ops.expand(step.mask(order), targets.shape);
        return ops.bceWithLogits(step.out(head), targets, { mask: known });
      };
      return {
        fields: [order],
        heads: [orderHead, ...questions.map(({ head }) => head)],
        input: cubes.input,
        series: [],
        tells,
        fill({ drawn }, row) {
          if (drawn !== TOO_THIN) row.set(order, [drawn]);
        },
        loss(step) {
          // a mean over the two ways to turn, where theirs is a sum
          const turning = ops.affine(yesOrNo(step, turns), 2);
          const told = classLoss(step, orderHead, order);
          const others = questions.slice(1).map((own) => yesOrNo(step, own));
          return ops.affine([turning, ...others].reduce(ops.add, told), weight);
        },
        judge: () =>
          new CubeJudge({
            ...{ task: name, title, order: orderHead, turns, masks: questions[1] ?? null, cubes },
          }),
        check(training) {
          if (thinOf(training) === training.length)
            throw new ConfigError(
              `Task ${name}: no training image has a stack of ${LEAST_SLICES} slices, which six slices with one between two halves need. Give stacks of more slices, or leave the task out.`,
            );
        },
        notice(training) {
          const thin = thinOf(training);
          return thin === 0
            ? null
            : `Task ${name}: ${plural(thin, 'image')} of ${training.length} teach nothing, for their stacks have fewer than ${LEAST_SLICES} slices, or these are the middle one of ${LEAST_SLICES}.`;
        },
      };
    },
  });

export const rubiksCube = rubik({
  name: 'rubiksCube',
  title: "Rubik's cube",
  about: 'In which order the tiles of a stack come, and which are turned.',
  lossTitle: "Rubik's cube, cross entropies",
  tells: 'in which order the tiles of a stack come, and which are turned',
  masks: false,
  weight: 0.5,
});

export const rubiksCubePlus = rubik({
  name: 'rubiksCubePlus',
  title: "Rubik's cube+",
  about: 'In which order the tiles of a stack come, and which are turned or partly hidden.',
  lossTitle: "Rubik's cube+, cross entropies",
  tells: 'in which order the tiles of a stack come, and which are turned or partly hidden',
  masks: true,
  weight: 1,
});
