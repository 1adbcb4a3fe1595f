/** @file Each test file begins with this while it is found out which mutants and shaders each test reaches. */
import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeEach } from 'vitest';
import { globals } from 'webgpu';

const reached = { static: {}, perTest: {} };
const counter = { mutantCoverage: reached, currentTestId: undefined };
globalThis.__stryker__ = counter;

const shaders = new Set();
const { createShaderModule } = globals.GPUDevice.prototype;
globals.GPUDevice.prototype.createShaderModule = function (descriptor) {
  shaders.add(descriptor.label);
  return createShaderModule.call(this, descriptor);
};

const nameOf = ({ name, suite }) => (suite ? `${nameOf(suite)} ${name}` : name);

beforeEach(({ task }) => {
  counter.currentTestId = nameOf(task);
});
afterEach(() => {
  counter.currentTestId = undefined;
});
afterAll(() => {
  const tests = Object.entries(reached.perTest).map(([name, ids]) => [name, Object.keys(ids)]);
  const found = { outside: Object.keys(reached.static), tests: Object.fromEntries(tests) };
  writeFileSync(process.env.MUTANTS_REACHED, JSON.stringify({ ...found, shaders: [...shaders] }));
});
