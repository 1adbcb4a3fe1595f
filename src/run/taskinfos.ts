/** @file The tasks there are, as faces show them. */
import { tasks } from '../tasks/index.ts';
import type { Task } from '../tasks/task.ts';
import { presets } from './presets.ts';

/** What of a task's record people are shown. */
export interface TaskInfo extends Pick<Task, 'name' | 'title' | 'about'> {
  /** Whether some preset has it. */
  readonly usual: boolean;
}

export function taskInfos(): TaskInfo[] {
  const usual = new Set(Object.values(presets).flatMap((preset) => Object.keys(preset.tasks)));
  return tasks.map(({ name, title, about }) => ({ name, title, about, usual: usual.has(name) }));
}
