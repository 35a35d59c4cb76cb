import { accuracyName, type Figure, figures } from '../../metrics/figures/index.ts'
import { FulcrumError } from '../../model/index.ts'
import { type AccuracyGate, type Gate, parseGate } from '../gates/gate.ts'
import { type GateCase, type GateOutcome, outcomeOf, pointCount } from '../gates/outcome.ts'
import { pointName } from './match.ts'
import type { QualityChange } from './quality-change.ts'
import { parseThreshold } from './threshold.ts'

/**
 * Parses a condition of a comparison's `--fail-on`: any that {@link parseGate} accepts, and `accuracy<-1pp`.
 * @throws FulcrumError bad-input `threshold-invalid`
 */
export function parseComparisonGate(text: string, registry: readonly Figure[] = figures): Gate {
  const match = /^\s*([a-z0-9_]+)\s*([<>])\s*([+-]?\d+(?:\.\d+)?)\s*pp\s*$/i.exec(text)
  if (match === null) return parseGate(text, change => parseThreshold(change), registry)
  const [, name = '', direction, digits = ''] = match
  const change = Number(digits) / 100
  if (name.toLowerCase() === accuracyName && direction === '<' && change <= 0 && change >= -1)
    return { kind: 'accuracy', text: text.trim(), change }
  throw new FulcrumError(
    'bad-input',
    'threshold-invalid',
    `--fail-on "${text}": percentage points (pp) say how far the accuracy may fall.`,
    {
      remedy: 'Write for example --fail-on "accuracy<-1pp", or a limit: --fail-on "accuracy<90%".',
    },
  )
}

/** Difference in percentage points with one decimal. */
const points = (share: number) => `${share > 0 ? '+' : ''}${Number((100 * share).toFixed(1))} pp`

/** One-sided, because the gate only concerns a fall. */
const level = 0.05

/** The gate fails if accuracy fell by more than the threshold and by more than chance explains. */
export function accuracyOutcome(gate: AccuracyGate, changes: readonly QualityChange[]): GateOutcome {
  const cases = changes.map((change): GateCase => {
    const name = pointName(change.head ?? change.base)
    const { difference, adjustedP, baseAccuracy, why } = change
    if (baseAccuracy === null) return { name, outcome: 'skipped', message: why }
    if (difference === null || adjustedP === null) return { name, outcome: 'not tested', message: why }
    const message = [points(difference), why].filter(text => text !== '').join('; ')
    return { name, outcome: isBeyond(gate, difference) && adjustedP.down <= level ? 'failed' : 'passed', message }
  })
  const outcome = outcomeOf(cases)
  const count = (wanted: GateCase['outcome']) => cases.filter(one => one.outcome === wanted).length
  const asked = cases.length - count('skipped')
  const worst = changes.toSorted((a, b) => (a.difference ?? 0) - (b.difference ?? 0))[0]
  const untested = [...new Set(cases.filter(one => one.outcome === 'not tested').map(({ message }) => message))]
  const quiet = changes.filter(
    ({ difference, adjustedP }) => difference !== null && isBeyond(gate, difference) && (adjustedP?.down ?? 1) > level,
  ).length
  const said = {
    failed: [
      `at ${count('failed')} of ${pointCount(asked)}, most by ${points(worst?.difference ?? 0)}`,
      ...untested.map(text => `not tested elsewhere: ${text}`),
    ],
    'not tested': untested.length > 0 ? untested : ['BASE has no accuracy: add quality to its sweep'],
    passed: [`at ${pointCount(count('passed'))}`],
  }[outcome]
  const note =
    quiet > 0
      ? [
          `${quiet} more beyond it ${quiet === 1 ? 'is' : 'are'} not shown to be more than chance; more questions would show it`,
        ]
      : []
  return { gate, outcome, reason: [...said, ...note].join('; '), cases }
}

const isBeyond = ({ change }: AccuracyGate, difference: number) => difference < change
