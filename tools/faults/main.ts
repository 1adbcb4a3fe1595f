/** @file Campaigns of faults by name: `npm run faults -- <campaign> …`. Each gives the program's exit code. */
import { fuzz } from './fuzz.ts';

type Campaign = (args: readonly string[]) => Promise<number>;

const campaigns: Readonly<Record<string, Campaign>> = { fuzz };

export async function main([name = '', ...rest]: readonly string[]): Promise<number> {
  const campaign = Object.hasOwn(campaigns, name) ? campaigns[name] : undefined;
  if (campaign) return campaign(rest);
  process.stderr.write(`Name a campaign: ${Object.keys(campaigns).join(', ')}.\n`);
  return 2;
}
