export function packageOf(path: string): string | undefined;
export function licensesOf(packages: readonly string[]): Promise<string>;
export function neededBy(names: readonly string[]): Promise<string[]>;
export function productionLicenses(): Promise<
  readonly { readonly name: string; readonly version: string; readonly license: string }[]
>;
