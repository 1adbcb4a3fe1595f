import { describe } from 'vitest';
import { batchNormCases } from './batchNorm.cases.ts';

describe('batchNorm, variant strips forced', () => batchNormCases({ variants: { batchNorm: 'strips' } }));
