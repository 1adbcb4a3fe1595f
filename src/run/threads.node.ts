/** @file What the program does in a thread of its own. */
import { workerData } from 'node:worker_threads';
import { decodingThread } from '../data/decoding.node.ts';
import { cohortWorker } from './cohort.node.ts';

const works = { cohort: cohortWorker, decode: decodingThread };

/** The work that whoever started the thread named. */
export const threadWork = (): void | Promise<void> => works[workerData.work as keyof typeof works]();
