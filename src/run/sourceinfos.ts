/** @file The kinds of data that can be read, as faces show them. */
import { sources } from '../data/sources/index.ts';
import type { Source } from '../data/sources/source.ts';

/** What of a source's record people are shown. */
export type SourceInfo = Pick<Source, 'name' | 'title'>;

export const sourceInfos = (): SourceInfo[] => sources.map(({ name, title }) => ({ name, title }));
