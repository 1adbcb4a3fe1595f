/** @file Compiles layer/layer.c, which asks the driver what it makes of pipelines. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** The layer in a folder, compiled against the root's headers of Vulkan. */
export function buildLayer(sources: string, root: string, folder: string): void {
  // These alone: the root's C library is another one.
  const headers = join(folder, 'include');
  mkdirSync(headers, { recursive: true });
  for (const name of ['vulkan', 'vk_video'])
    symlinkSync(join(root, 'usr', 'include', name), join(headers, name));
  const library = join(folder, 'liblayer.so');
  const options = ['-O1', '-Wall', '-shared', '-fPIC', `-I${headers}`];
  execFileSync('gcc', [...options, join(sources, 'layer.c'), '-o', library], { stdio: 'inherit' });
  copyFileSync(join(sources, 'layer.json'), join(folder, 'layer.json'));
}

/** Has the Vulkan loader take the layer from a folder as it is seen inside, and the layer write to a file there. */
export function layerEnvironment(folder: string, out: string): Record<string, string> {
  return { VK_LAYER_PATH: folder, VK_INSTANCE_LAYERS: 'VK_LAYER_GPULAB_stats', GPULAB_OUT: out };
}
