import {
  bareName,
  didYouMean,
  type Figure,
  figureNamed,
  figures,
  nearFigures,
  type Unit,
} from '../../metrics/figures/index.ts'
import { FulcrumError } from '../../model/index.ts'

/** `ttft_p95>5%`: a gate that fails on a change that is both this large and shown. */
export interface Threshold {
  readonly kind: 'change'
  /** As the user wrote it. */
  readonly text: string
  readonly figure: Pick<Figure, 'name' | 'title' | 'better'>
  readonly direction: '>' | '<'
  /** Relative change, 0.05 for 5%. */
  readonly change: number
}

/** A figure that supports thresholds. History also follows one without a unit. */
type ThresholdFigure = Threshold['figure'] & { readonly unit: Unit | '' }

/**
 * Parses `FIGURE > N%` or `FIGURE < -N%`. The unit is optional in the name (`ttft_p95`).
 * @throws FulcrumError bad-input
 */
export function parseThreshold(text: string, known: readonly ThresholdFigure[] = figures): Threshold {
  const match = /^\s*([a-z0-9_]+)\s*([<>])\s*([+-]?\d+(?:\.\d+)?)\s*%\s*$/i.exec(text)
  if (match === null) throw mistake(text, 'not of the form FIGURE>N% or FIGURE<-N%', known)
  const [, written = '', direction, percent = ''] = match
  const name = written.toLowerCase()
  const figure = figureNamed(name, known)
  if (figure === undefined) throw mistake(text, `unknown figure '${name}'`, known, nearFigures(name, known))
  if (!Number.isFinite(Number(percent))) throw mistake(text, `${percent} is not a percentage`, known)
  return {
    kind: 'change',
    text: text.trim(),
    figure,
    direction: direction === '<' ? '<' : '>',
    change: Number(percent) / 100,
  }
}

function mistake(
  text: string,
  why: string,
  known: readonly ThresholdFigure[],
  meant: readonly string[] = [],
): FulcrumError {
  return new FulcrumError('bad-input', 'threshold-invalid', `--fail-on "${text}": ${why}.`, {
    remedy: `${didYouMean(meant)}Use a gate such as --fail-on "ttft_p95>5%" or --fail-on "output_tokens_per_s_per_gpu<-3%". Figures: ${known.map(bareName).join(', ')}.`,
  })
}

/** Whether a change exceeds the threshold in size, shown or not. */
export function isBeyond(threshold: Threshold, relative: number): boolean {
  return threshold.direction === '>' ? relative > threshold.change : relative < threshold.change
}
