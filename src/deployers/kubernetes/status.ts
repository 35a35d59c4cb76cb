import { counted, isJsonObject, type JsonObject } from '../../model/index.ts'
import { readAt } from './fields.ts'
import type { GraphVersion } from './manifest.ts'

/** Wanted number of workers of a component. */
export interface WantedReplicas {
  readonly name: string
  readonly replicas: number
}

/**
 * Why a graph is not ready, one clause per reason; empty if the operator has seen the last change, every component has
 * exactly its workers, all updated and available, and the graph is Ready. `Ready` alone may still refer to the previous
 * state.
 */
export function unreadiness(
  graph: JsonObject,
  version: GraphVersion,
  wanted: readonly WantedReplicas[],
): readonly string[] {
  const generation = numberAt(graph, ['metadata', 'generation']) ?? 0
  const observed = numberAt(graph, ['status', 'observedGeneration'])
  const why: string[] = []
  if (observed === undefined) why.push('the operator has not reported a generation')
  else if (observed < generation) why.push('the operator has not seen the last change')
  const section = version === 'v1alpha1' ? 'services' : 'components'
  for (const { name, replicas } of wanted) why.push(...behind(name, replicas, readAt(graph, ['status', section, name])))
  const updating = readAt(graph, ['status', 'rollingUpdate', 'phase'])
  if (updating !== undefined && updating !== '' && updating !== 'Completed') why.push(`a rolling update is ${updating}`)
  const ready = readyCondition(graph)
  if (ready?.status !== 'True') why.push(`Ready is ${saidOf(ready)}`)
  return why
}

/** Workers of a component according to its status; 0 if it has none. */
export function reportedReplicas(graph: JsonObject, version: GraphVersion, name: string): number {
  return numberAt(graph, ['status', version === 'v1alpha1' ? 'services' : 'components', name, 'replicas']) ?? 0
}

/**
 * GPUs of one worker of a component as counted by the operator, for all of its pods together; null from operators
 * before Dynamo 1.6, which do not report them.
 */
export function reportedGpus(graph: JsonObject, version: GraphVersion, name: string): number | null {
  const section = version === 'v1alpha1' ? 'services' : 'components'
  return numberAt(graph, ['status', section, name, 'gpusPerReplica']) ?? null
}

function behind(name: string, wanted: number, status: unknown): readonly string[] {
  if (!isJsonObject(status)) return wanted === 0 ? [] : [`the operator reports no replicas of ${name}`]
  const counts = {
    'running or starting': numberAt(status, ['replicas']) ?? 0,
    updated: numberAt(status, ['updatedReplicas']) ?? 0,
    // A PodClique reports only ready replicas, a PodCliqueScalingGroup only available ones.
    available: numberAt(status, ['availableReplicas']) ?? numberAt(status, ['readyReplicas']) ?? 0,
  }
  const off = Object.entries(counts).find(([, count]) => count !== wanted)
  return off === undefined ? [] : [`${name} has ${off[1]} of ${counted(wanted, 'replica')} ${off[0]}`]
}

function readyCondition(graph: JsonObject): JsonObject | undefined {
  const conditions = readAt(graph, ['status', 'conditions'])
  return (Array.isArray(conditions) ? conditions : []).filter(isJsonObject).find(({ type }) => type === 'Ready')
}

function saidOf(condition: JsonObject | undefined): string {
  if (condition === undefined) return 'not reported'
  const { status, reason, message } = condition
  return `${status}${reason === undefined ? '' : ` (${reason}${message === undefined ? '' : `: ${message}`})`}`
}

function numberAt(resource: JsonObject, path: readonly string[]): number | undefined {
  const value = readAt(resource, path)
  return typeof value === 'number' ? value : undefined
}
