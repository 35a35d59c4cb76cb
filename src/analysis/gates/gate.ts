import { failedRequestsOf } from '../../metrics/definitions.ts'
import {
  bareName,
  didYouMean,
  type Figure,
  figureNamed,
  figures,
  nearFigures,
  spellingsOf,
} from '../../metrics/figures/index.ts'
import { FulcrumError } from '../../model/index.ts'
import type { Threshold } from '../compare/threshold.ts'

/** A figure that supports limits. */
export interface LimitFigure extends Figure {
  /** True if an invalid measurement has the figure too: the figure may be the reason why it is invalid. */
  readonly ofInvalid?: true
}

/** `ttft_p95>2000ms`: no point may exceed the limit. */
export interface Limit {
  readonly kind: 'limit'
  /** As the user wrote it. */
  readonly text: string
  readonly figure: LimitFigure
  readonly direction: '>' | '<'
  /** In the figure's own unit. */
  readonly limit: number
}

/** `slo`: each workload needs a point that meets its SLO. */
export interface SloGate {
  readonly kind: 'slo'
  readonly text: string
}

/** `accuracy<-1pp`: no point's accuracy may fall by more than this from the base. */
export interface AccuracyGate {
  readonly kind: 'accuracy'
  readonly text: string
  /** Change of the share: −0.01 for 1 percentage point. */
  readonly change: number
}

/** A condition of `--fail-on`. */
export type Gate = FigureGate | AccuracyGate

/** Gates that need no comparison of questions between two runs. */
export type FigureGate = Threshold | Limit | SloGate

/** A gate on the values of one run, without a base. */
export type AbsoluteGate = Limit | SloGate

/** Whether a gate needs no base. */
export const isAbsolute = (gate: Gate): gate is AbsoluteGate => gate.kind === 'limit' || gate.kind === 'slo'
/** Whether a gate limits the change of a figure from a base. */
export const isChange = (gate: Gate): gate is Threshold => gate.kind === 'change'

/** Failed requests divided by all requests. Not used in comparisons, because it is usually 0, and 0 has no ratio. */
const errorShare: LimitFigure = {
  name: 'error_share',
  title: 'Failed requests',
  unit: '%',
  better: 'lower',
  ofInvalid: true,
  of: measurement => {
    const failed = failedRequestsOf(measurement)
    return failed !== null && measurement.requests.sent > 0 ? failed / measurement.requests.sent : null
  },
}

/** Figures that support limits. */
export const limitFigures = (registry: readonly Figure[] = figures): readonly LimitFigure[] => [...registry, errorShare]

/**
 * Parses a condition of `--fail-on`: `slo`, a limit (`ttft_p95>2000ms`, `error_share>1%`) or a change (`ttft_p95>5%`).
 * @param readChange parses a change; null if there is no other run to compare with
 * @param registry figures that points have
 * @throws FulcrumError bad-input `threshold-invalid`
 */
export function parseGate(
  text: string,
  readChange: ((text: string) => Threshold) | null,
  registry: readonly Figure[] = figures,
): FigureGate {
  const known = limitFigures(registry)
  const mistake = (why: string, meant: readonly string[] = []) => limitMistake(text, why, readChange, known, meant)
  if (/^\s*slo\s*$/i.test(text)) return { kind: 'slo', text: 'slo' }
  const match = /^\s*([a-z0-9_]+)\s*([<>])\s*([+-]?\d+(?:\.\d+)?)\s*(per 1m tokens|[a-zµ%/]*)\s*$/i.exec(text)
  if (match === null)
    throw mistake(`not of the form ${readChange === null ? 'slo or FIGURE>LIMIT' : 'slo, FIGURE>LIMIT or FIGURE>N%'}`)
  const [, written = '', direction, digits = '', unit = ''] = match
  const name = written.toLowerCase()
  const figure = figureNamed(name, known)
  if (unit === '%' && figure?.unit !== '%') {
    if (readChange !== null) return readChange(text)
    if (figure === undefined) throw mistake(`unknown figure '${name}'`, nearFigures(name, known))
    throw new FulcrumError(
      'bad-input',
      'threshold-invalid',
      `--fail-on "${text}": a change in % needs another run to compare with, but there is only one.`,
      {
        remedy: `Put a limit on it, such as --fail-on "${exampleOf(figure)}"; fulcrum compare and history take a change.`,
      },
    )
  }
  if (figure === undefined) throw mistake(`unknown figure '${name}'`, nearFigures(name, known))
  if (unit.toLowerCase() === 'pp')
    throw mistake(
      'percentage points (pp) are a change of the accuracy against another run, which fulcrum compare takes',
    )
  const spellings = spellingsOf(figure.unit)
  const spelled = Object.entries(spellings).find(([spelling]) => spelling.toLowerCase() === unit.toLowerCase())
  const factor = figure.unit === '%' && unit === '' && Number(digits) <= 1 ? 1 : spelled?.[1]
  if (factor === undefined) throw mistake(wrongUnit(figure, spellings, digits, unit))
  const limit = Number(digits) * factor
  if (!Number.isFinite(limit) || limit < 0) throw mistake(`${figure.title} cannot be ${digits}${unit}`)
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

/** What to write for a unit that the figure does not have. */
function wrongUnit(
  figure: LimitFigure,
  spellings: { readonly [spelling: string]: number },
  digits: string,
  unit: string,
): string {
  if (figure.unit === 'per 1M tokens')
    return `${figure.title} is in the currency of the sweep’s price: write ${digits} alone, without ${unit}`
  const named = Object.keys(spellings).filter(spelling => spelling !== '')
  const wrong = unit === '' ? ' after the number' : `, not ${unit}`
  return `${figure.title} is in ${figure.unit}: write ${named.join(' or ')}${wrong}`
}

/** An example of a valid limit on the figure. */
function exampleOf(figure: LimitFigure): string {
  const amounts = { ms: '2000ms', '%': '1%' } as { readonly [unit: string]: string }
  return `${bareName(figure)}${figure.better === 'lower' ? '>' : '<'}${amounts[figure.unit] ?? `100${figure.unit}`}`
}

function limitMistake(
  text: string,
  why: string,
  readChange: unknown,
  known: readonly LimitFigure[],
  meant: readonly string[],
): FulcrumError {
  const change = readChange === null ? '' : ' or --fail-on "itl_p95>5%"'
  return new FulcrumError('bad-input', 'threshold-invalid', `--fail-on "${text}": ${why}.`, {
    remedy: `${didYouMean(meant)}Use a gate such as --fail-on slo or --fail-on "ttft_p95>2000ms"${change}. Figures: ${known.map(bareName).join(', ')}.`,
  })
}
