export function killCampaign(options: {
  readonly times: number;
  readonly seed: number;
  readonly only?: readonly string[];
  readonly scratch: string;
  readonly say?: (line: string) => void;
}): Promise<
  {
    readonly job: string;
    readonly phase: string;
    readonly kills: number;
    readonly same: number;
    readonly problems: readonly string[];
  }[]
>;
