import type { Deployment } from '../../model/index.ts'
import { canonicalJson, gpusOfRole, roles, workersOf } from '../../model/index.ts'
import type { Report } from './report.ts'

/** Workers and settings of a deployment in words. */
export interface DeploymentFacts {
  /** `2 prefill × 4 GPUs, 1 decode × 4 GPUs`. */
  readonly workers: string
  /** `prefill.max_batch_size=8 decode.max_batch_size=128`; empty for the engine's defaults. */
  readonly settings: string
}

/** Facts by deployment label as charts show it; labels are unique within a run. */
export function deploymentFacts({ analysis, series }: Pick<Report, 'analysis' | 'series'>): {
  readonly [label: string]: DeploymentFacts
} {
  const shown = new Set(series)
  const deployments = new Map(analysis.points.map(({ label, deployment }) => [label, deployment]))
  return Object.fromEntries(
    [...deployments].flatMap(([label, deployment]) => (shown.has(label) ? [[label, factsOf(deployment)]] : [])),
  )
}

function factsOf(deployment: Deployment): DeploymentFacts {
  const present = roles.filter(role => workersOf(deployment.topology, role) > 0)
  const workers = present.map(role => {
    const count = workersOf(deployment.topology, role)
    const each = gpusOfRole(deployment, role) / count
    return `${count} ${role} × ${each} ${each === 1 ? 'GPU' : 'GPUs'}`
  })
  const settings = present.flatMap(role =>
    Object.entries(deployment.engine[role] ?? {}).map(
      ([key, value]) => `${role}.${key}=${typeof value === 'string' ? value : canonicalJson(value)}`,
    ),
  )
  return { workers: workers.join(', '), settings: settings.join(' ') }
}
