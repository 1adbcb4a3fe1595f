import { describe } from 'vitest';
import { useDevice } from '../device.ts';
import { forcedForm, generalTests } from './convGeneral.cases.ts';

describe('convolution with groups and steps by axis', () => generalTests(useDevice()));
describe('convolution with groups and steps by axis, channels one by one', () =>
  generalTests(useDevice(forcedForm('any'))));
describe('convolution with groups and steps by axis, group by group', () =>
  generalTests(useDevice(forcedForm('split'))));
describe('convolution with groups and steps by axis, without the unrolled form', () =>
  generalTests(useDevice(forcedForm('depth'))));
