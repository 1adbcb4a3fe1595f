/** @file An error as the page is told of it. */
import { PlanewiseError } from '../../src/base/errors.ts';
import type { Failure } from '../protocol.ts';

export function failureOf(error: unknown): Failure {
  if (error instanceof PlanewiseError) return { code: error.code, message: error.message };
  return { code: 'UNEXPECTED', message: error instanceof Error ? error.message : String(error) };
}
