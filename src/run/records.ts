/** @file The records there are, as faces show them: which tasks can be trained, on which kinds of data. */
import { sources } from '../data/sources/index.ts';
import { tasks } from '../tasks/index.ts';
import type { Task } from '../tasks/task.ts';

/** What of a task's record people are shown. */
export type TaskInfo = Pick<Task, 'name' | 'title' | 'about'>;

export const taskInfos = (): TaskInfo[] => tasks.map(({ name, title, about }) => ({ name, title, about }));

/** Kinds of files that can be trained on, plural: `DICOM images`. */
export const sourceTitles = (): string[] => sources.map(({ title }) => title);
