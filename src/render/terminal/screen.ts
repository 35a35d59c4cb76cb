/** What text may do where it is printed. */
export interface Screen {
  /** Columns that a line may have; 80 where it isn't known. */
  readonly columns: number
  readonly colour: boolean
}

/** Colour only in a terminal, and never against NO_COLOR (no-color.org) or on a dumb one. */
export function screenOf(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  env: Readonly<Record<string, string | undefined>>,
): Screen {
  const colour = stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
  return { columns: stream.isTTY === true && stream.columns ? stream.columns : 80, colour }
}
