import { describe } from 'vitest';
import { groupNormCases } from './groupNorm.cases.ts';

describe('norms over groups, variant lanes forced', () =>
  groupNormCases({ variants: { groupNorm: 'lanes' } }));
