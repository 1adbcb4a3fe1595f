export function whyNoMounts(kind: 'memory' | 'image'): string | null;
