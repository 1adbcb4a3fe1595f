export function lockContest(options: {
  readonly count: number;
  readonly times: number;
  readonly seed: number;
  readonly scratch: string;
}): Promise<{
  readonly held: number;
  readonly refused: number;
  readonly together: number;
  readonly other: readonly string[];
}>;

export function writersCampaign(options: {
  readonly times: number;
  readonly seed: number;
  readonly only?: readonly string[];
  readonly scratch: string;
  readonly say?: (line: string) => void;
}): Promise<
  {
    readonly job: string;
    readonly races: number;
    readonly done: number;
    readonly refused: number;
    readonly problems: readonly string[];
  }[]
>;
