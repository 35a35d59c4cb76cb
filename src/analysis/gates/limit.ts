import type { Run } from '../../journal/run.ts'
import { unitText } from '../../metrics/figures/energy.ts'
import { rolesOf } from '../../model/index.ts'
import { analyse } from '../analyse.ts'
import { loadLabel } from '../load-label.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import { meetsSlo, objectives, worstSloRatio } from '../slo.ts'
import { amountText } from './amount.ts'
import type { AbsoluteGate, Limit } from './gate.ts'
import { type GateCase, type GateOutcome, type Outcome, outcomeOf, pointCount } from './outcome.ts'
import { missingPointCount, standingOf } from './standing.ts'

/** Result of a limit for one workload. */
export interface WorkloadOutcome {
  readonly workload: string
  readonly outcome: Outcome
  /** `met at 5 of 12 points`, `beyond the limit at 4 of 12 points, worst at 1P1D, concurrency 256: 13.2 s`. */
  readonly said: string
}

/** Result of a limit, with that of each workload. */
export interface LimitOutcome extends GateOutcome {
  readonly workloads: readonly WorkloadOutcome[]
}

/** Context of testing a limit. */
export interface LimitContext {
  /** Number of points without a valid result to accept. */
  readonly allowance: { readonly lost: number }
  /** Name of the run in messages: `HEAD`, `the newest run`. */
  readonly runName: string
  /**
   * Points that the run should have but lacks, according to another run. If absent, they are counted by the run's own
   * plan, and their identities are unknown.
   */
  readonly missing?: readonly { readonly point: MeasuredPoint; readonly why: string }[]
}

/** A workload with its points and its missing ones. */
interface Subject {
  readonly name: string
  readonly points: readonly MeasuredPoint[]
  readonly missing: readonly { readonly point: MeasuredPoint; readonly why: string }[]
  /** Points whose deployment lacks the role that the limit is about. The limit does not apply to them. */
  readonly without: number
}

/**
 * Checks a run against a limit at every point, or against its SLO for every workload.
 *
 * A limit passes if each point has a valid result within it; one on a role's figure applies to deployments that have the
 * role. An SLO passes for a workload if each of its points has a valid result and at least one meets the SLO. A failure
 * stands regardless of what else was not measured.
 */
export function limitOutcome(
  gate: AbsoluteGate,
  run: Run,
  { allowance, runName, missing }: LimitContext,
): LimitOutcome {
  const subjects = subjectsOf(run, missing ?? []).map(subject => withRole(gate, subject))
  const unknown = missing === undefined ? missingPointCount(run) : 0
  const lost = subjects.reduce((sum, subject) => sum + lostIn(subject), unknown)
  const lossAllowed = lost <= allowance.lost
  const judged = subjects.map(subject =>
    gate.kind === 'slo' ? sloFor(subject, lossAllowed) : limitFor(gate, subject, lossAllowed, run),
  )
  const unmeasured: readonly GateCase[] =
    unknown === 0
      ? []
      : [
          {
            name: 'points without a result',
            outcome: lossAllowed ? 'skipped' : 'not tested',
            message: `${runName} has no result for ${pointCount(unknown)} of its plan`,
          },
        ]
  const cases = [...judged.flatMap(one => one.cases), ...unmeasured]
  const outcome = outcomeOf(cases)
  const accepted = lost > 0 && lossAllowed ? `${lossText(lost)}, which --allow-lost accepts` : ''
  const reason = [...sentences(gate, outcome, judged, unmeasured, runName), accepted]
    .filter(text => text !== '')
    .join('; ')
  return { gate, outcome, reason, cases, workloads: judged.map(({ cases: _, ...workload }) => workload) }
}

function subjectsOf(run: Run, missing: NonNullable<LimitContext['missing']>): readonly Subject[] {
  const own = analyse(run).workloads.map(({ name, points }) => ({
    name,
    points,
    missing: [] as Subject['missing'],
    without: 0,
  }))
  const lost = Map.groupBy(missing, ({ point }) => point.workload.name)
  const known = own.map(subject => ({ ...subject, missing: lost.get(subject.name) ?? [] }))
  const gone = [...lost]
    .filter(([name]) => !own.some(subject => subject.name === name))
    .map(([name, points]) => ({ name, points: [], missing: points, without: 0 }))
  return [...known, ...gone]
}

/** The points to which a gate applies. */
function withRole(gate: AbsoluteGate, subject: Subject): Subject {
  const role = gate.kind === 'slo' ? undefined : gate.figure.role
  if (role === undefined) return subject
  const has = ({ deployment }: MeasuredPoint) => rolesOf(deployment.topology).includes(role)
  const [points, missing] = [subject.points.filter(has), subject.missing.filter(({ point }) => has(point))]
  return { ...subject, points, missing, without: subject.points.length - points.length }
}

const lostIn = ({ points, missing }: Subject) => points.filter(({ status }) => status !== 'ok').length + missing.length

const lossText = (lost: number) => `${pointCount(lost)} without a valid result`

type Judged = WorkloadOutcome & { readonly cases: readonly GateCase[] }

function limitFor(
  limit: Limit,
  { name, points, missing, without: roleless }: Subject,
  lossAllowed: boolean,
  run: Run,
): Judged {
  const lost = lossAllowed ? ('skipped' as const) : ('not tested' as const)
  const measured = points.map(point => ({ point, value: meanOf(limit, point) }))
  const cases = [
    ...measured.map(({ point, value }): GateCase => {
      const named = { name: `${point.label}, ${name}, ${loadLabel(point.load.level)}` }
      const isBeyond = value !== null && isBeyondLimit(limit, value)
      if (point.status !== 'ok' && !isBeyond)
        return { ...named, outcome: lost, message: `${point.status}: ${point.reason}` }
      if (value === null && isAskedElsewhere(limit, point, run))
        return { ...named, outcome: 'skipped', message: `${limit.figure.title} was only requested at another load` }
      if (value === null) return { ...named, outcome: 'not tested', message: `${limit.figure.title} was not measured` }
      const message = `${limit.figure.title} ${amountText(unitOf(limit, point), value)}`
      return { ...named, outcome: isBeyond ? 'failed' : 'passed', message }
    }),
    ...missing.map(
      ({ point, why }): GateCase => ({
        name: `${point.label}, ${name}, ${loadLabel(point.load.level)}`,
        outcome: lost,
        message: why,
      }),
    ),
  ]
  const outcome = outcomeOf(cases)
  const beyond = measured
    .flatMap(({ point, value }) => (value !== null && isBeyondLimit(limit, value) ? [{ point, value }] : []))
    .toSorted((a, b) => (limit.direction === '>' ? b.value - a.value : a.value - b.value))
  const [worst] = beyond
  const all = points.length + missing.length
  const ofAll = `${pointCount(all)}${roleless === 0 ? '' : ` with ${limit.figure.role} workers`}`
  const without = measured.filter(
    ({ point, value }) => point.status === 'ok' && value === null && !isAskedElsewhere(limit, point, run),
  ).length
  const said = {
    failed: `beyond the limit at ${beyond.length} of ${ofAll}${worst === undefined ? '' : `, worst at ${worst.point.label}, ${loadLabel(worst.point.load.level)}: ${amountText(unitOf(limit, worst.point), worst.value)}`}`,
    'not tested': [
      statusText({ points, missing }, all),
      without > 0 ? `${limit.figure.title} was not measured at ${without} of ${ofAll}` : '',
      all === 0 && roleless > 0 ? `no point has ${limit.figure.role} workers` : '',
    ]
      .filter(text => text !== '')
      .join('; '),
    passed: `within the limit at ${cases.filter(one => one.outcome === 'passed').length} of ${ofAll}`,
  }[outcome]
  return { workload: name, outcome, said, cases }
}

function sloFor(subject: Subject, lossAllowed: boolean): Judged {
  const { name, points, missing } = subject
  const all = points.length + missing.length
  const valid = points.filter(({ status }) => status === 'ok')
  const asked = points.some(point => objectives(point).length > 0)
  const meeting = asked ? valid.filter(meetsSlo) : []
  const judged = (outcome: GateCase['outcome'], said: string): Judged => ({
    workload: name,
    outcome: outcome === 'skipped' ? 'not tested' : outcome,
    said,
    cases: [{ name, outcome, message: said }],
  })
  const lost = statusText(subject, all)
  if (points.length > 0 && !asked) return judged('not tested', 'it has no SLO')
  if (valid.length === 0) return judged(lossAllowed ? 'skipped' : 'not tested', lost)
  if (meeting.length === 0) {
    const nearest = valid.toSorted((a, b) => worstSloRatio(a) - worstSloRatio(b))[0]
    return judged(
      'failed',
      `met at none of ${pointCount(all)}${nearest === undefined ? '' : nearestText(nearest)}${lost === '' ? '' : `; ${lost}`}`,
    )
  }
  const met = `met at ${meeting.length} of ${pointCount(all)}`
  return lost === '' || lossAllowed ? judged('passed', met) : judged('not tested', `${met}, but ${lost}`)
}

/** `; nearest: 2P1D, concurrency 1, ITL p95 31 ms, limit 25 ms`. */
function nearestText(point: MeasuredPoint): string {
  const missed = objectives(point)
    .filter(({ met }) => !met)
    .map(({ title, valueMs, limitMs }) =>
      valueMs === null
        ? `${title} not measured`
        : `${title} ${amountText('ms', valueMs)}, limit ${amountText('ms', limitMs)}`,
    )
  return `; nearest: ${point.label}, ${loadLabel(point.load.level)}, ${missed.join(', ')}`
}

/** `2 of 12 points failed, 1 is invalid, 3 have no result`; empty when all are valid. */
function statusText({ points, missing }: Pick<Subject, 'points' | 'missing'>, all: number): string {
  const count = (status: MeasuredPoint['status']) => points.filter(point => standingOf(point) === status).length
  const parts = [
    { count: count('failed'), one: 'failed', many: 'failed' },
    { count: count('invalid'), one: 'is invalid', many: 'are invalid' },
    { count: missing.length, one: 'has no result', many: 'have no result' },
  ]
  return parts
    .filter(part => part.count > 0)
    .map(
      (part, i) => `${part.count}${i === 0 ? ` of ${pointCount(all)}` : ''} ${part.count === 1 ? part.one : part.many}`,
    )
    .join(', ')
}

/**
 * Mean over the valid repeats, as for every figure of a point. A figure that invalid measurements have too is averaged
 * over all measured repeats.
 */
function meanOf({ figure }: Limit, { valid, repeats, deployment }: MeasuredPoint): number | null {
  const measured = figure.ofInvalid ? repeats.flatMap(({ measurement }) => measurement ?? []) : valid
  const values = measured.flatMap(measurement => figure.of(measurement, deployment) ?? [])
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Unit of the figure, with its currency if it is an amount of money. */
const unitOf = ({ figure }: Limit, { valid }: MeasuredPoint): string => unitText(figure, valid)

/** Whether a figure that only some points have was requested for another valid point of this deployment. */
function isAskedElsewhere({ figure: { isAsked } }: Limit, { deployment, valid }: MeasuredPoint, run: Run): boolean {
  if (isAsked === undefined || valid.some(isAsked)) return false
  return run.results.some(
    ({ status, point, measurement }) =>
      status === 'ok' && point.deployment.id === deployment.id && measurement !== null && isAsked(measurement),
  )
}

const isBeyondLimit = ({ direction, limit }: Limit, value: number) =>
  direction === '>' ? value > limit : value < limit

function sentences(
  gate: AbsoluteGate,
  outcome: Outcome,
  judged: readonly Judged[],
  unmeasured: readonly GateCase[],
  runName: string,
): readonly string[] {
  const alike = judged.filter(one => one.outcome === outcome)
  const named = alike.map(({ workload, said }) => `${workload}: ${said}`)
  if (outcome === 'passed')
    return [
      gate.kind === 'slo'
        ? `for ${judged.length === 1 ? judged[0]?.workload : `${judged.length} workloads`}`
        : named.join('; '),
    ]
  if (outcome === 'failed') return [`for ${named.join('; ')}`]
  const untested = [...named, ...unmeasured.filter(one => one.outcome === 'not tested').map(({ message }) => message)]
  return untested.length > 0 ? untested : [`${runName} has no point`]
}
