import type { Point } from '../model/index.ts'
import type { Finding, Measurement, Status } from './measurement.ts'
import { judgeClient } from './validity/client.ts'
import { judgeDelivery } from './validity/delivery.ts'
import { judgeGpus } from './validity/gpus.ts'
import { judgePromptCache } from './validity/prompt-cache.ts'
import { judgeReasoning } from './validity/reasoning.ts'
import { judgeRequests } from './validity/requests.ts'
import { judgeServer } from './validity/server.ts'
import { judgeSessions } from './validity/sessions.ts'
import { judgeSpeculation } from './validity/speculation.ts'
import { judgeStopping } from './validity/stopping.ts'
import { judgeWindow } from './validity/window.ts'

const order = ['invalid', 'warning', 'note'] as const

/** Findings about a measurement with the point's limits, most severe first; empty if there are none. */
export function judge(point: Point, measurement: Measurement): Finding[] {
  const findings = [
    ...judgeRequests(point, measurement),
    ...judgeClient(point, measurement),
    ...judgeWindow(point, measurement),
    ...judgeDelivery(measurement),
    ...judgeStopping(measurement),
    ...judgeSessions(point, measurement),
    ...judgeServer(point, measurement),
    ...judgeReasoning(measurement),
    ...judgePromptCache(measurement),
    ...judgeSpeculation(measurement),
    ...judgeGpus(measurement, point.deployment.topology),
    ...(measurement.remarks ?? []),
  ]
  return gravestFirst(findings)
}

/** The same findings, the most severe first. */
export function gravestFirst(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))
}

/** `invalid` if any finding is. A point without a measurement is `failed`, which other code decides. */
export function statusOf(findings: readonly Finding[]): Extract<Status, 'ok' | 'invalid'> {
  return findings.some(finding => finding.severity === 'invalid') ? 'invalid' : 'ok'
}
