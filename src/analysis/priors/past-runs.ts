import { gpusOfRole, meanTokens } from '../../model/index.ts'
import { loadValue } from '../load-label.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import type { Prior } from './prior.ts'

/** Priors from a past run: its valid points whose load is a single number. */
export function pastRunPriors(points: readonly MeasuredPoint[], source: string): readonly Prior[] {
  return points.flatMap(point => {
    const { deployment, workload, load, gpus, x, y, figures } = point
    const value = loadValue(load.level)
    const { kind } = load.level
    if (point.status !== 'ok' || y === null || value === null || (kind !== 'concurrency' && kind !== 'rate')) return []
    return [
      {
        source,
        topology: deployment.topology,
        gpus,
        gpusPerDecodeWorker:
          deployment.gpusPerWorker[deployment.topology.kind === 'aggregated' ? 'aggregated' : 'decode'],
        prefillGpus: gpusOfRole(deployment, 'prefill'),
        isl: meanTokens(workload.isl),
        osl: meanTokens(workload.osl),
        load: { kind, value },
        tokensPerSPerGpu: y.mean,
        tokensPerSPerUser: x?.mean ?? null,
        ttftMs: figures.ttft_p95_ms?.mean ?? null,
        itlMs: figures.itl_p95_ms?.mean ?? null,
      },
    ]
  })
}
