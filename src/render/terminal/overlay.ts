import { figure } from '../views/format.ts'
import type { OverlaySummary } from '../views/overlay-summary.ts'
import { table } from './table.ts'
import { wrapped } from './wrapped.ts'

/** An overlay for the terminal: a line for each frontier, and the caveats. */
export function overlayText({ rows, cautions, notAvailable }: OverlaySummary): string {
  const right = { align: 'right' as const }
  return [
    table(
      [
        { title: 'workload' },
        { title: 'run' },
        { title: 'points', ...right },
        { title: 'not ok', ...right },
        { title: 'frontier', ...right },
        { title: 'tokens/s/user', ...right },
        { title: 'tokens/s/GPU', ...right },
      ],
      rows.map(run => [
        run.workload,
        run.label,
        ...[run.points, run.invalid + run.failed, run.onFrontier].map(String),
        figure(run.tokensPerSPerUser),
        figure(run.tokensPerSPerGpu),
      ]),
    ),
    '',
    'frontier: points on it. Tokens/s: the highest value on it.',
    ...(cautions.length > 0 ? [''] : []),
    ...cautions.map(sentence => wrapped(sentence)),
    ...(notAvailable.length > 0 ? ['', wrapped(`Not available in these runs: ${notAvailable.join(', ')}.`)] : []),
  ].join('\n')
}
