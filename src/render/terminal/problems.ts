import { wrapped } from './wrapped.ts'

/** A point that does not count. */
export interface ProblemView {
  readonly point: string
  readonly reason: string
}

/** Maximum number of points listed for one reason. */
const mostNamed = 6
/** Maximum length of a reason. The last lines of a worker can be long; the report and --json have them in full. */
const mostCharacters = 320

/** Reasons why points do not count, each with its points, in lines of at most 80 columns. */
export function problemsText(problems: readonly ProblemView[]): string {
  return [...Map.groupBy(problems, ({ reason }) => reason)]
    .flatMap(([reason, alike]) => {
      const clipped = reason.length > mostCharacters ? `${reason.slice(0, mostCharacters).trimEnd()}…` : reason
      const count = alike.length === 1 ? '1 point' : `${alike.length} points`
      const rest = alike.length - mostNamed
      return [
        wrapped(`${count}: ${clipped.replace(/\s+/g, ' ')}`, '  '),
        ...alike.slice(0, mostNamed).map(({ point }) => `    ${point}`),
        ...(rest > 0 ? [`    and ${rest} more`] : []),
      ]
    })
    .join('\n')
}
