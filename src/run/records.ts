/** @file The records there are, as faces show them: which tasks can be trained, on which kinds of data. */
import { sources } from '../data/sources/index.ts';
import type { Source } from '../data/sources/source.ts';
import { tasks } from '../tasks/index.ts';
import type { Task } from '../tasks/task.ts';

/** What of a task's record people are shown. */
export type TaskInfo = Pick<Task, 'name' | 'title' | 'about'>;

export const taskInfos = (): TaskInfo[] => tasks.map(({ name, title, about }) => ({ name, title, about }));

/** What of a source's record people are shown. */
export type SourceInfo = Pick<Source, 'name' | 'title'>;

export const sourceInfos = (): SourceInfo[] => sources.map(({ name, title }) => ({ name, title }));
