import { isJsonObject, type JsonObject } from '../../model/index.ts'
import type { Component } from './component.ts'
import { readAt } from './fields.ts'
import type { Manifest, ManifestProblem } from './manifest.ts'

/** Component as a deployment requires it. */
export interface WantedComponent {
  readonly component: Component
  readonly replicas: number
  /** Pods per worker. */
  readonly nodes: number
}

/**
 * Problems of a worker component that Dynamo's definition (CEL) and admission webhook would reject, reported before
 * anything is applied. From ai-dynamo/dynamo, deploy/operator/api/v1beta1 and internal/webhook/validation, in November
 * 2026.
 */
export function ruleProblems(manifest: Manifest, wanted: WantedComponent): readonly ManifestProblem[] {
  return [
    ...minAvailableProblems(manifest, wanted),
    ...sidecarProblems(manifest, wanted),
    ...groupProblems(manifest, wanted),
  ]
}

function minAvailableProblems(
  { graph }: Manifest,
  { component: { name, path }, replicas }: WantedComponent,
): readonly ManifestProblem[] {
  const at = [...path, 'minAvailable']
  const least = readAt(graph.resource, at)
  if (typeof least !== 'number' || replicas === 0 || replicas >= least) return []
  return [
    {
      at: graph.placeOf(at),
      problem: `${name} has minAvailable ${least}, more than the ${replicas} worker${replicas === 1 ? '' : 's'} of a topology, which Dynamo rejects`,
      right: `lower minAvailable, which cannot change once the graph exists, or remove topologies with fewer than ${least}`,
    },
  ]
}

/** Dynamo's runtime in an init container that keeps running beside the user's own engine. */
function sidecarProblems(
  { graph }: Manifest,
  { component: { name, path }, nodes }: WantedComponent,
): readonly ManifestProblem[] {
  const at = [...path, 'dynamoSidecar']
  const sidecar = readAt(graph.resource, at)
  if (typeof sidecar !== 'string') return []
  const refuse = (problem: string, right: string) => [{ at: graph.placeOf(at), problem, right }]
  const containers = readAt(graph.resource, [...path, 'podTemplate', 'spec', 'initContainers'])
  const found = (Array.isArray(containers) ? containers : []).filter(isJsonObject).find(each => each.name === sidecar)
  if (found === undefined) {
    return refuse(
      `${name} has no init container named ${JSON.stringify(sidecar)} for its Dynamo runtime`,
      'add it to podTemplate.spec.initContainers, or correct dynamoSidecar',
    )
  }
  if (found.restartPolicy !== 'Always') {
    return refuse(
      `the Dynamo runtime of ${name}, init container ${sidecar}, would end before its engine starts`,
      'give it restartPolicy: Always',
    )
  }
  if (nodes === 1) return []
  return refuse(
    `${name} runs its Dynamo runtime as a sidecar, which Dynamo does not support for a worker on ${nodes} nodes`,
    'remove dynamoSidecar, or run each worker on one node',
  )
}

/** Components of a group scale together, so their numbers of workers cannot be swept separately. */
function groupProblems({ graph }: Manifest, { component: { name } }: WantedComponent): readonly ManifestProblem[] {
  const groups = readAt(graph.resource, ['spec', 'experimental', 'componentGroups'])
  const has = (group: JsonObject) =>
    Array.isArray(group.components) && group.components.some(member => readAt(member, ['name']) === name)
  const group = (Array.isArray(groups) ? groups : []).filter(isJsonObject).find(has)
  if (group === undefined) return []
  return [
    {
      at: graph.placeOf(['spec', 'experimental', 'componentGroups', { name: String(group.name) }]),
      problem: `${name} belongs to the component group ${group.name}, which Dynamo scales as one`,
      right: 'remove the group, so that a sweep can scale prefill and decode workers apart',
    },
  ]
}
