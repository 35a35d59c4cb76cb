import { FulcrumError } from '../../model/index.ts'
import type { Threshold } from '../compare/threshold.ts'
import type { Figure } from '../figures.ts'
import { figures } from '../figures.ts'

/** A figure that a limit can be put on; `%` is a share of 0 to 1 in what `of` gives. */
export interface LimitFigure extends Omit<Figure, 'unit'> {
  readonly unit: Figure['unit'] | '%'
  /** Known of a measurement whose other figures are not believed as well: what made it invalid may be just this. */
  readonly ofInvalid?: true
}

/** `ttft_p95>2000ms`: no point may have a figure beyond the limit. */
export interface Limit {
  readonly kind: 'limit'
  /** As it was written. */
  readonly text: string
  readonly figure: LimitFigure
  readonly direction: '>' | '<'
  /** In the figure's own unit. */
  readonly limit: number
}

/** `slo`: each workload has a point that meets its SLO. */
export interface SloGate {
  readonly kind: 'slo'
  readonly text: string
}

/** What `--fail-on` asks for. */
export type Gate = Threshold | Limit | SloGate

export type AbsoluteGate = Limit | SloGate

export const isAbsolute = (gate: Gate): gate is AbsoluteGate => gate.kind !== 'change'
export const isChange = (gate: Gate): gate is Threshold => gate.kind === 'change'

/** Failed requests over all requests: of no comparison, since it is 0 where all is well and 0 has no ratio. */
const errorShare: LimitFigure = {
  name: 'error_share',
  title: 'Failed requests',
  unit: '%',
  better: 'lower',
  ofInvalid: true,
  of: ({ requests }) => (requests.sent > 0 ? requests.failed / requests.sent : null),
}

/** Figures that a limit can be put on. */
export const limitFigures: readonly LimitFigure[] = [...figures, errorShare]

/** How a limit's unit may be written, and how many of the figure's own unit it is. */
const spellings: { readonly [unit in LimitFigure['unit']]: { readonly [spelling: string]: number } } = {
  ms: { ms: 1, s: 1000 },
  '%': { '%': 0.01 },
  'requests/s': { 'requests/s': 1, 'req/s': 1, rps: 1 },
  'tokens/s': { 'tokens/s': 1, 'tok/s': 1 },
  'tokens/s/user': { 'tokens/s/user': 1, 'tok/s/user': 1, 'tokens/s': 1, 'tok/s': 1 },
  'tokens/s/GPU': { 'tokens/s/gpu': 1, 'tok/s/gpu': 1, 'tokens/s': 1, 'tok/s': 1 },
}

/**
 * Parses what `--fail-on` takes: `slo`, a limit (`ttft_p95>2000ms`, `error_share>1%`) or a change (`ttft_p95>5%`).
 * @param readChange reads a change; null where there is no other run to change from
 * @throws FulcrumError bad-input `threshold-invalid`
 */
export function parseGate(text: string, readChange: ((text: string) => Threshold) | null): Gate {
  if (/^\s*slo\s*$/i.test(text)) return { kind: 'slo', text: 'slo' }
  const match = /^\s*([a-z0-9_]+)\s*([<>])\s*([+-]?\d+(?:\.\d+)?)\s*([a-zµ%/]*)\s*$/i.exec(text)
  if (match === null)
    throw mistake(text, `not of the form slo, FIGURE>LIMIT${readChange === null ? '' : ', FIGURE>N%'}`, readChange)
  const [, written = '', direction, digits = '', unit = ''] = match
  const name = written.toLowerCase()
  const figure = limitFigures.find(candidate => [name, `${name}_ms`].includes(candidate.name))
  if (unit === '%' && figure?.unit !== '%') {
    if (readChange !== null) return readChange(text)
    if (figure === undefined) throw mistake(text, `there is no figure '${name}'`, readChange)
    throw new FulcrumError(
      'bad-input',
      'threshold-invalid',
      `--fail-on "${text}": a change in % needs another run to change from, and there is only one here.`,
      {
        remedy: `Put a limit on it, such as --fail-on "${exampleOf(figure)}"; fulcrum compare and history take a change.`,
      },
    )
  }
  if (figure === undefined) throw mistake(text, `there is no figure '${name}'`, readChange)
  const units = spellings[figure.unit]
  const factor = units[unit.toLowerCase()]
  if (factor === undefined)
    throw mistake(
      text,
      `${figure.title} is in ${figure.unit}: write ${Object.keys(units).join(' or ')}${unit === '' ? ' after the number' : `, not ${unit}`}`,
      readChange,
    )
  const limit = Number(digits) * factor
  if (!Number.isFinite(limit) || limit < 0) throw mistake(text, `${figure.title} can't be ${digits}${unit}`, readChange)
  const worse = figure.better === 'lower' ? '>' : '<'
  if (direction !== worse)
    throw new FulcrumError(
      'bad-input',
      'threshold-invalid',
      `--fail-on "${text}": that fails where ${figure.title} is better than the limit.`,
      { remedy: `--fail-on takes what fails, not what passes: write "${written}${worse}${digits}${unit}".` },
    )
  return { kind: 'limit', text: text.trim(), figure, direction: worse, limit }
}

/** A limit on a figure as somebody could write it. */
function exampleOf({ name, unit, better }: LimitFigure): string {
  const amounts = { ms: '2000ms', '%': '1%' } as { readonly [unit: string]: string }
  return `${name.replace(/_ms$/, '')}${better === 'lower' ? '>' : '<'}${amounts[unit] ?? `100${unit}`}`
}

function mistake(text: string, why: string, readChange: unknown): FulcrumError {
  const change = readChange === null ? '' : ', --fail-on "itl_p95>5%"'
  return new FulcrumError('bad-input', 'threshold-invalid', `--fail-on "${text}": ${why}.`, {
    remedy: `For example --fail-on slo, --fail-on "ttft_p95>2000ms"${change}. Figures: ${limitFigures.map(f => f.name.replace(/_ms$/, '')).join(', ')}.`,
  })
}
