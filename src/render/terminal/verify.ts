import type { Held, PromiseVerdict } from '../../analysis/verify/held.ts'
import { change, valueText } from '../views/format.ts'
import { table } from './table.ts'
import { wrapped } from './wrapped.ts'

/** Input of {@link verifyText}. */
export interface VerifiedView {
  readonly folder: string
  readonly deployment: string
  readonly run: string
  readonly verdict: Held
  readonly points: readonly {
    readonly workload: string
    readonly load: string
    readonly verdict: Held
    readonly promises: readonly PromiseVerdict[]
  }[]
  readonly notes: readonly string[]
}

/** The verdict on each figure, and the overall verdict. */
export function verifyText(verified: readonly VerifiedView[], tolerance: number): string {
  return verified.map(one => oneText(one, tolerance)).join('\n\n')
}

const signs: { readonly [verdict in Held]: string } = {
  held: '✓ held',
  'not held': '✗ not held',
  undecided: '? undecided',
}

function oneText({ folder, deployment, run, verdict, points, notes }: VerifiedView, tolerance: number): string {
  const asked = points.flatMap(({ promises }) => promises)
  const count = (wanted: Held) => asked.filter(promise => promise.verdict === wanted).length
  const parts = (['held', 'not held', 'undecided'] as const).flatMap(kind =>
    count(kind) === 0 ? [] : [`${count(kind)} ${kind}`],
  )
  return [
    `${deployment}: ${verdict} (${parts.join(', ') || 'nothing was measured'}; tolerance ${Math.round(1000 * tolerance) / 10}%)`,
    ...points.flatMap(point => [
      '',
      `${point.workload}, ${point.load}`,
      table(
        [
          { title: 'Figure' },
          { title: 'Expected', align: 'right' },
          { title: 'Measured', align: 'right' },
          { title: 'Worse by', align: 'right' },
          { title: 'Verdict', isVerdict: true },
        ],
        point.promises.map(promise => [
          promise.title,
          valueText(promise, promise.expected),
          valueText(promise, promise.measured),
          promise.worse === null ? '' : `${change(promise.worse.low)} to ${change(promise.worse.high)}`,
          signs[promise.verdict],
        ]),
      ),
      ...reasons(point.promises),
    ]),
    ...(notes.length === 0 ? [] : ['', ...notes.map(note => wrapped(`note: ${note}`))]),
    '',
    `expected: ${folder}`,
    `run: ${run}`,
  ].join('\n')
}

/** Each reason once, with its figures. */
function reasons(promises: readonly PromiseVerdict[]): readonly string[] {
  const given = Map.groupBy(
    promises.filter(({ why }) => why !== ''),
    ({ why }) => why,
  )
  return [...given].map(([why, alike]) => wrapped(`${alike.map(({ title }) => title).join(', ')}: ${why}`))
}
