export interface Row {
  readonly job: string;
  readonly phase: string;
  readonly times: number;
  readonly same: number;
  readonly problems: readonly string[];
}
export type Campaign = (options: {
  readonly times: number;
  readonly seed: number;
  readonly only?: readonly string[];
  readonly scratch: string;
  readonly say?: (line: string) => void;
}) => Promise<readonly Row[]>;
export const campaigns: Readonly<Record<'kill' | 'power' | 'disk' | 'device' | 'ranks', Campaign>>;
