import { figures as registry } from '../figures/index.ts'
import type { FigureAtLook, Finding, Measurement } from '../measurement.ts'
import { amount, time } from './figures.ts'

/** Reports why a point with a stopping rule ended. */
export function judgeStopping({ stopping }: Measurement): Finding[] {
  if (stopping === undefined) return []
  const { reason, requests, max, figures, precision } = stopping
  const known = figures.filter(({ state }) => state !== 'open').map(figureText)
  const open = figures.filter(({ state }) => state === 'open')
  const counted = `${amount(requests)} of at most ${amount(max)} requests`
  if (reason === 'beaten') {
    const message = `stopped after ${counted}: it can no longer win (${figures.map(figureText).join(', ')})`
    return [{ severity: 'note', code: 'stopped-beaten', message }]
  }
  if (open.length === 0) {
    const message =
      figures.length === 0
        ? `stopped after ${counted}: there was nothing to decide`
        : `stopped after ${counted}: ${known.join(', ')}`
    return [{ severity: 'note', code: 'stopped', message }]
  }
  const share = `${precision * 100}%`
  return [
    {
      // Whether an objective is met decides the recommendation.
      severity: open.some(({ limitMs }) => limitMs !== undefined) ? 'warning' : 'note',
      code: 'precision-not-reached',
      message: `${counted} were not enough for ${share} precision: ${open.map(figureText).join(', ')}. For a more precise answer, raise max of requests: auto`,
    },
  ]
}

function figureText({ figure, estimate, low, high, limitMs, state }: FigureAtLook): string {
  const title = registry.find(({ name }) => name === figure)?.title ?? figure
  if (limitMs !== undefined && (state === 'met' || state === 'missed')) {
    return `${title} certainly ${state === 'met' ? 'within' : 'above'} ${time(limitMs)}`
  }
  if (estimate === null) return `${title} unknown (its requests depend too much on each other)`
  if (low === null || high === null) return `${title} unbounded (too few requests for its tail)`
  const half = (100 * (high - low)) / 2 / Math.abs(estimate)
  return `${title} ± ${half.toFixed(1)}%${limitMs === undefined ? '' : ` around its limit of ${time(limitMs)}`}`
}
