import { describe } from 'vitest';
import { batchNormCases } from './batchNorm.cases.ts';

describe('batchNorm', () => batchNormCases());
