import { describe } from 'vitest';
import { batchNormCases } from './batchNorm.cases.ts';

describe('batchNorm, variant whole forced', () => batchNormCases({ variants: { batchNorm: 'whole' } }));
