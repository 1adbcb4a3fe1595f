import { describe } from 'vitest';
import { batchNormCases } from './batchNorm.cases.ts';

describe('batchNorm, variant lanes forced', () => batchNormCases({ variants: { batchNorm: 'lanes' } }));
