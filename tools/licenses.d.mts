export function packageOf(path: string): string | undefined;
export function licensesOf(packages: readonly string[]): Promise<string>;
