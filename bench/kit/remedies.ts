/** @file Ways to find the GPU of a bare container: docs/gpu-hosts.md says why each may be needed. */
import { dirname, join } from 'node:path';

/** What the search asks of the system. */
export interface Files {
  /** Names in a folder, none where there is no such folder. */
  list(folder: string): readonly string[];
}

/** One way to try: variables that are set, or with null unset, and the text of an ICD file that one of them names. */
export interface Attempt {
  readonly says: string;
  readonly env: Readonly<Record<string, string | null>>;
  readonly icd?: string;
}

/** Where container toolkits and drivers' installers put what the loader does not look for by itself. */
const icdFolders = [
  ...['/usr/local/nvidia', '/opt/nvidia', '/usr/local/share/nvidia'].map(
    (top) => `${top}/share/vulkan/icd.d`,
  ),
  ...['/usr/local/nvidia/vulkan/icd.d', '/usr/share/nvidia', '/usr/share/nvidia/vulkan/icd.d'],
  ...[
    '/usr/local/etc/vulkan/icd.d',
    '/run/nvidia/driver/usr/share/vulkan/icd.d',
    '/run/host/usr/share/vulkan/icd.d',
  ],
];

const libraryFolders = [
  ...[
    '/usr/lib/x86_64-linux-gnu',
    '/lib/x86_64-linux-gnu',
    '/usr/lib64',
    '/lib64',
    '/usr/lib',
    '/usr/local/lib',
  ],
  ...['/usr/local/nvidia/lib64', '/usr/local/nvidia/lib', '/opt/nvidia/lib64', '/opt/nvidia/lib'],
  ...['/usr/lib/x86_64-linux-gnu/nvidia/current', '/usr/lib/nvidia', '/usr/lib/wsl/lib'],
  ...['/run/nvidia/driver/usr/lib/x86_64-linux-gnu', '/run/nvidia/driver/usr/lib64'],
];

/** EGL's needs no display server. */
const librariesOf: readonly RegExp[] = [/^libEGL_nvidia\.so\.\d/, /^libGLX_nvidia\.so\.\d/];

const icdOf = (library: string): string =>
  JSON.stringify({
    file_format_version: '1.0.1',
    ICD: { library_path: library, api_version: '1.3.0' },
  });

/** NVIDIA's device files and libraries, wherever they are: none means that nothing below can help. */
export function tracesOf({ list }: Files): string[] {
  const devices = list('/dev').filter((name) => /^nvidia/.test(name));
  const libraries = libraryFolders.flatMap((folder) =>
    list(folder)
      .filter((name) =>
        /^lib(EGL|GLX)_nvidia|^libcuda\.so|^libnvidia-(glcore|eglcore|glvkspirv|gpucomp)/.test(name),
      )
      .map((name) => join(folder, name)),
  );
  return [...devices.map((name) => join('/dev', name)), ...libraries];
}

/** An ICD file of our own for a library, which is found by its name or where it lies. */
function ownFile(library: string, icdFile: string, paths: string): Attempt {
  const folder = library.includes('/') ? `${dirname(library)}${paths && `:${paths}`}` : paths;
  return {
    says: `ICD file of our own for ${library}`,
    env: { VK_DRIVER_FILES: icdFile, ...(folder && { LD_LIBRARY_PATH: folder }) },
    icd: icdOf(library),
  };
}

export interface Surroundings {
  readonly files: Files;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where an ICD file of our own may be written. */
  readonly icdFile: string;
}

/** What to try until one gives a hardware GPU, the least interference first. */
export function attemptsOf({ files, env, icdFile }: Surroundings): Attempt[] {
  const attempts: Attempt[] = [{ says: 'as it is', env: {} }];
  if (env.VK_DRIVER_FILES ?? env.VK_ICD_FILENAMES)
    attempts.push({
      says: 'without VK_DRIVER_FILES and VK_ICD_FILENAMES',
      env: { VK_DRIVER_FILES: null, VK_ICD_FILENAMES: null },
    });
  if (tracesOf(files).length === 0) return attempts;
  for (const folder of icdFolders)
    for (const name of files.list(folder).filter((one) => /nvidia.*\.json$/.test(one))) {
      const file = join(folder, name);
      attempts.push({ says: `ICD file ${file}`, env: { VK_DRIVER_FILES: file } });
    }
  const found = librariesOf.flatMap((pattern) =>
    libraryFolders.flatMap((folder) => {
      const [first] = files.list(folder).filter((name) => pattern.test(name));
      return first === undefined ? [] : [join(folder, first)];
    }),
  );
  const libraries = ['libEGL_nvidia.so.0', 'libGLX_nvidia.so.0', ...found];
  const paths = env.LD_LIBRARY_PATH ?? '';
  const own = libraries.map((library) => ownFile(library, icdFile, paths));
  // what the kit carries may be too new for the system's own
  const bare = own.slice(0, 2).map(({ says, env: set, icd }) => ({
    says: `${says}, without the libraries that the kit carries`,
    env: { ...set, LD_LIBRARY_PATH: env.KIT_LIBRARY_PATH || null },
    icd: icd!,
  }));
  return [...attempts, ...own, ...bare];
}

/** Why no way led to a GPU, as far as the traces tell. */
export function diagnosis({ list }: Files): string {
  const traces = tracesOf({ list });
  if (traces.length === 0)
    return 'There is no trace of an NVIDIA driver: neither /dev/nvidia* nor its libraries. Start the container with --gpus all.';
  const graphics = traces.filter((path) => /lib(EGL|GLX)_nvidia/.test(path));
  if (graphics.length === 0)
    return 'The driver’s Vulkan part is not in this container (no libEGL_nvidia or libGLX_nvidia), which nothing inside it can mend: start it with NVIDIA_DRIVER_CAPABILITIES=all.';
  return 'The driver’s Vulkan part is here, but no way led to the GPU: what the Vulkan loader says is below.';
}
