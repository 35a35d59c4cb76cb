import { wrapped } from './wrapped.ts'

/** A point that doesn't count. */
export interface ProblemView {
  readonly point: string
  readonly reason: string
}

/** Points named under one reason. */
const mostNamed = 6
/** Of a reason; workers' last words can be long, and the report and --json have them whole. */
const mostCharacters = 320

/** Why points don't count: each reason once, with the points that it is of, in lines of at most 80 columns. */
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
