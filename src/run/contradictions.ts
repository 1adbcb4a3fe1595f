/** @file What settings say against each other. */
import { sideProblem } from '../backbones/backbone.ts';
import { backbones } from '../backbones/index.ts';
import { phantomTraits } from '../data/phantom/names.ts';
import { tasks } from '../tasks/index.ts';
import type { PlanConfig } from './plan.ts';
import type { GivenConfig, GivenTasks, RunConfig } from './settings.ts';

/** Tasks of a configuration that learn from images without annotations. */
export const pretextsOf = ({ tasks: sections }: Pick<PlanConfig, 'tasks'>): string[] =>
  tasks.flatMap(({ name, learnsFrom, semiSupervised }) =>
    (!learnsFrom || semiSupervised) && name in sections ? [name] : [],
  );

/** Settings of tasks that are not trained. */
export function orphans(settings: GivenTasks = {}, { tasks: trained }: RunConfig): string[] {
  const names = Object.entries(settings).flatMap(([name, own]) => (own && !trained[name] ? [name] : []));
  return names.map((name) => `settings of task ${name} are given, but tasks lack ${name}`);
}

/** Whether anybody is held out for validation. */
function isValidated({ subjects, labelledValidation, validationFraction }: RunConfig): boolean {
  if (subjects) return subjects.validation.length > 0;
  return labelledValidation === null ? validationFraction > 0 : labelledValidation > 0;
}

/** What given keys say against each other; a key that repeats the preset's value is no contradiction. */
export function contradictions(given: GivenConfig, config: RunConfig, preset: RunConfig): (string | false)[] {
  const { size, data, init, map, validationFraction, testFraction, model, initParts, freeze, freezeSteps } =
    config;
  const { warmup, steps, patience, labelled, labelledValidation } = config;
  // earlier versions said less of it
  const says = (key: 'phantom'): boolean =>
    given[key] !== undefined && JSON.stringify(config[key]) !== JSON.stringify(preset[key]);
  const { name, ...settings } = model;
  const backbone = backbones.find((record) => record.name === name)!.build(settings, 1);
  const side = sideProblem(size, backbone);
  return [
    says('phantom') && data !== null && 'phantom is given together with data; drop one',
    data === null &&
      !phantomTraits[config.phantom.anatomy].beats &&
      (given.phantom?.phases ?? preset.phantom.phases) !== preset.phantom.phases &&
      `phantom.phases is given, but ${config.phantom.anatomy}s do not beat`,
    map.length > 0 && data === null && 'map is given, but there is no data folder to map',
    config.emptySlices === 'background' &&
      preset.emptySlices !== 'background' &&
      !tasks.some(({ name, learnsFrom }) => learnsFrom === 'masks' && name in config.tasks) &&
      'emptySlices is background, but no task learns from masks',
    init === null && initParts !== 'all' && `initParts is ${initParts}, but init names no weights`,
    init === null && freeze !== 'none' && `freeze is ${freeze}, but init names no weights to keep`,
    freeze === 'none' &&
      freezeSteps !== null &&
      `freezeSteps is ${freezeSteps}, but freeze is none, so nothing thaws`,
    side !== null && `size ${size} ${side}, which model ${name} of these settings cannot take`,
    warmup >= steps && `warmup is ${warmup} of ${steps} steps, which leaves none for the schedule`,
    config.unlabelled !== null &&
      pretextsOf(config).length === 0 &&
      `unlabelled is ${config.unlabelled}, but every task learns from masks or groups, which it has not`,
    labelledValidation !== null &&
      labelled === null &&
      `labelledValidation is ${labelledValidation} of the labelled, but labelled is not given`,
    labelledValidation !== null &&
      labelled !== null &&
      labelledValidation >= labelled &&
      `labelledValidation is ${labelledValidation} of ${labelled} labelled, which leaves nobody to train`,
    labelledValidation !== null &&
      config.subjects !== null &&
      'labelledValidation is given, but subjects names who validates',
    config.fold !== null &&
      config.subjects !== null &&
      `fold is ${config.fold}, but subjects names who tests`,
    config.subjects?.rest !== undefined &&
      labelled !== null &&
      `labelled is ${labelled}, but subjects.rest names who trains without labels`,
    !isValidated(config) &&
      patience !== null &&
      `patience is ${patience}, but nobody is held out for validation: nothing says when to stop`,
    config.subjects === null &&
      validationFraction + testFraction >= 1 &&
      'validationFraction and testFraction leave no training subject',
  ];
}

/** What is given and makes nothing of the images; earlier versions took it, and their runs go on. */
export const senseless = (given: GivenConfig, { size, augmentation }: RunConfig): (string | false)[] => [
  given.augmentation?.shiftPx !== undefined &&
    augmentation.shiftPx >= size &&
    `augmentation.shiftPx is ${augmentation.shiftPx}, which moves images of ${size} px out of sight`,
];
