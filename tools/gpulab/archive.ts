/** @file Where this machine's apt gets packages from: the archive that a root is made of. */
import { CannotHere } from './problems.ts';

export interface Archive {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
}

/** What `apt-get indextargets` is asked for, a line each. */
export const INDEX_FORMAT = '$(ORIGIN)|$(CODENAME)|$(COMPONENT)|$(REPO_URI)';

/**
 * The archive of the distribution, of apt's index targets in INDEX_FORMAT: of Debian sid, which has the newest drivers;
 * of Ubuntu the machine's own release, with universe, where the shims are.
 * @throws CannotHere where apt has neither
 */
export function archiveOf(indexTargets: string): Archive {
  const rows = indexTargets.split('\n').map((line) => line.split('|'));
  // not the archives of updates and backports, which are of the same origin
  const release = rows.find(
    ([origin, codename, component]) =>
      component === 'main' && /^(Debian|Ubuntu)$/.test(origin!) && !/-/.test(codename!),
  );
  if (!release) throw new CannotHere('apt knows no archive of either (try "apt-get update")');
  const [origin, codename, , uri] = release as [string, string, string, string];
  if (origin === 'Debian') return { uri, suite: 'sid', components: ['main'] };
  return { uri, suite: codename, components: ['main', 'universe'] };
}

/** Settings of this machine's apt that a root needs to reach the same archive, of `apt-config dump`. */
export function aptSettings(dump: string): string {
  const kept = dump.split('\n').filter((line) => /^Acquire::(https?|ftp|socks)::\S+ "/.test(line));
  // a mirror that stands still is as good
  return [...kept, 'Acquire::Check-Valid-Until "false";', ''].join('\n');
}
