export const withoutMpi: string | null;
export const allowed: Readonly<Record<string, string>>;
export function processesOf(mpirun: number): number[];
