/** Capabilities of the output. */
export interface Screen {
  /** Maximum width of a line; 80 if it is unknown. */
  readonly columns: number
  readonly colour: boolean
}

/** Maximum width of running text; longer lines are hard to read. */
const mostForText = 120
/** Minimum width of running text; narrower lines would leave words alone. */
const leastForText = 40

/** Columns of running text on this screen. */
export function textColumns({ columns }: Screen = screenOf(process.stdout, process.env)): number {
  return Math.min(mostForText, Math.max(leastForText, columns))
}

/** Color only in a terminal that supports it, and not with NO_COLOR (no-color.org). */
export function screenOf(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  env: Readonly<Record<string, string | undefined>>,
): Screen {
  const colour = stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
  return { columns: stream.isTTY === true && stream.columns ? stream.columns : 80, colour }
}
