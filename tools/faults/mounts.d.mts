export function whyNoMounts(kind: 'memory' | 'image'): string | null;
export function mountMemory(folder: string, options: string): void;
export function remount(folder: string, options: string): void;
export function unmount(folder: string): void;
