/** Builds the campaigns into a folder of dist, whose path it gives. */
export function buildFaults(folder?: string): Promise<string>;
