/**
 * @file Loaded before the program (`--import`): destroys its devices at drawn calls. Calls are counted over all devices:
 * pipelines that are compiled, work that is submitted, buffers that are mapped.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { jobs } from './jobs.mjs';

/** `at`: numbers of calls, ascending; `late`: ms after the call; `log`: a file that is told of each loss, and how many calls there were. */
const { at, late, log, job } = JSON.parse(process.env.FAULTS_LOSE);

const tell = (line) => appendFileSync(log, `${JSON.stringify(line)}\n`);
let calls = 0;
let next = 0;

function count(device) {
  calls++;
  if (next >= at.length || calls < at[next]) return;
  const lose = () => {
    tell({ call: calls, phase: jobs[job].phase(join(process.cwd(), 'out')) });
    device.destroy();
  };
  const after = late[next++];
  if (after === null) lose();
  else setTimeout(lose, after);
}

function watch(target, method, device) {
  const original = target[method];
  target[method] = function (...args) {
    const result = original.apply(this, args);
    count(device);
    return result;
  };
}

/** Dawn puts its classes there once it is loaded. */
Object.defineProperty(globalThis, 'GPUAdapter', {
  configurable: true,
  set(GPUAdapter) {
    Object.defineProperty(globalThis, 'GPUAdapter', {
      configurable: true,
      writable: true,
      value: GPUAdapter,
    });
    const { requestDevice } = GPUAdapter.prototype;
    GPUAdapter.prototype.requestDevice = async function (...args) {
      const device = await requestDevice.apply(this, args);
      watch(device, 'createComputePipelineAsync', device);
      watch(device.queue, 'submit', device);
      const { createBuffer } = device;
      device.createBuffer = (...of) => {
        const buffer = createBuffer.apply(device, of);
        if (of[0].usage & 1) watch(buffer, 'mapAsync', device);
        return buffer;
      };
      return device;
    };
  },
});

process.on('exit', () => tell({ calls }));
