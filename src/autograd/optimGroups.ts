/** @file Which parameters of an arena an optimiser steps by which settings. */

import { ConfigError } from '../base/errors.ts';
import { describe } from '../kernels/checks.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ArenaRun, ParameterArena } from './arena.ts';
import type { ParameterGroup, Rule } from './optimSettings.ts';

/** What may differ from group to group. */
export interface GroupRule {
  readonly learningRateScale: number;
  readonly firstStep: number;
  readonly weightDecay: number;
  readonly l1: number;
}

/** A run of parameters of one group. */
export interface GroupRun extends ArenaRun {
  readonly group: number;
}

/** The groups of an optimiser: number 0 are the parameters that no group matches. */
export class Groups {
  readonly rules: readonly GroupRule[];
  /** The whole arena; one stretch where there are no groups. */
  readonly #stretches: readonly GroupRun[];

  /** @throws ConfigError for a group that matches nothing, or what another matches too */
  constructor(arena: ParameterArena, { groups, weightDecay, l1 }: Rule) {
    const own = { learningRateScale: 1, firstStep: 1, weightDecay, l1 };
    this.rules = [own, ...groups.map(({ match: _, ...settings }) => ({ ...own, ...settings }))];
    this.#stretches = stretchesOf(arena, membership(arena, groups));
  }

  /** Cuts runs of the arena where the group changes; without those that are empty. */
  cut(runs: readonly ArenaRun[]): GroupRun[] {
    return runs.flatMap(({ first, quads }) =>
      this.#stretches.flatMap((stretch) => {
        const begin = Math.max(first, stretch.first);
        const end = Math.min(first + quads, stretch.first + stretch.quads);
        return end > begin ? [{ first: begin, quads: end - begin, group: stretch.group }] : [];
      }),
    );
  }
}

/** Each parameter's group by name, where it has one. */
function membership(arena: ParameterArena, groups: readonly ParameterGroup[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const [index, { match }] of groups.entries()) {
    const where = `optimizer.groups[${index}].match`;
    const names = namesOf(where, match, arena.parameters);
    if (names.length === 0)
      throw new ConfigError(
        `${where} matches no parameter. Names are ${someOf([...arena.parameters.keys()])}.`,
      );
    for (const name of names) {
      const other = found.get(name);
      if (other !== undefined)
        throw new ConfigError(`${where} matches ${name}, as groups[${other - 1}] does. Put it in one group.`);
      found.set(name, index + 1);
    }
  }
  return found;
}

function namesOf(
  where: string,
  match: ParameterGroup['match'] | undefined,
  parameters: ReadonlyMap<string, Tensor>,
): string[] {
  const all = [...parameters];
  const named = (wanted: (name: string, parameter: Tensor) => unknown): string[] =>
    all.filter(([name, parameter]) => wanted(name, parameter)).map(([name]) => name);
  if (typeof match === 'function') return named(match);
  // search, unlike test, does not go on from where the last match ended
  if (match instanceof RegExp) return named((name) => name.search(match) >= 0);
  const list = typeof match === 'string' ? [match] : match;
  if (!Array.isArray(list) || !list.every((name) => typeof name === 'string'))
    throw new ConfigError(`${where} is ${describe(match)}. Use a regular expression, names, or a function.`);
  const unknown = list.find((name) => !parameters.has(name));
  if (unknown !== undefined)
    throw new ConfigError(
      `${where} names ${unknown}, which is no parameter. Names are ${someOf([...parameters.keys()])}.`,
    );
  return [...new Set(list)];
}

function someOf(names: readonly string[]): string {
  const most = 6;
  return `${names.slice(0, most).join(', ')}${names.length > most ? `, … (${names.length} in all)` : ''}`;
}

/** The arena as runs of parameters that follow one another and share a group. */
function stretchesOf(arena: ParameterArena, groupOf: ReadonlyMap<string, number>): GroupRun[] {
  const end = arena.values.size / 4;
  if (groupOf.size === 0) return [{ first: 0, quads: end, group: 0 }];
  const parameters = [...arena.parameters];
  const stretches: { first: number; quads: number; group: number }[] = [];
  for (const [i, [name, { offset }]] of parameters.entries()) {
    const first = offset / 16;
    const next = parameters[i + 1];
    const quads = (next ? next[1].offset / 16 : end) - first;
    const group = groupOf.get(name) ?? 0;
    const last = stretches.at(-1);
    if (last?.group === group) last.quads += quads;
    else stretches.push({ first, quads, group });
  }
  return stretches;
}
