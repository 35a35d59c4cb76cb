import type { TopLevelSpec } from 'vega-lite'
import type { Theme } from '../html/theme.ts'
import { vegaConfig } from '../html/theme.ts'
import type { CandidateView, CapacityView } from '../views/capacity.ts'

/** Utilisation of each hour, against what all replicas answer (100%) and what is left when nodes are lost. */
export function capacityDaySpec(day: CapacityView['day'], answer: CandidateView, theme: Theme): TopLevelSpec {
  const left = answer.spare.requestsPerS / (answer.replicas * answer.requestsPerSPerReplica)
  const y = {
    type: 'quantitative' as const,
    title: 'Utilisation',
    scale: { domain: [0, 1] },
    axis: { format: '%', tickCount: 5 },
  }
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: 440,
    height: 170,
    layer: [
      {
        data: { values: [...day] },
        mark: { type: 'bar', color: theme.accent, cornerRadiusEnd: 2 },
        encoding: {
          x: { field: 'hour', type: 'ordinal', title: 'Hour', axis: { labelAngle: 0, values: [0, 4, 8, 12, 16, 20] } },
          y: { ...y, field: 'utilisation' },
        },
      },
      {
        data: { values: [{ left }] },
        mark: { type: 'rule', color: theme.ink, strokeDash: [4, 3], strokeWidth: 1.3 },
        encoding: { y: { ...y, field: 'left' } },
      },
    ],
    config: { ...vegaConfig(theme), background: 'transparent' },
  }
}
