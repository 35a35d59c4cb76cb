import { isJsonObject, type Json, type JsonObject } from '../../model/index.ts'
import { type Field, type FieldPath, readAt } from './fields.ts'
import type { GraphVersion, Manifest } from './manifest.ts'

/** One service (v1alpha1) or component (v1beta1) of a graph, in a common form. */
export interface Component {
  readonly name: string
  readonly path: FieldPath
  /** Declared type in lower case; the sub-type of v1alpha1 if there is one. */
  readonly type: string | undefined
  /** Command and arguments as one text. */
  readonly commandText: string
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly env: readonly JsonObject[]
  /** Path of its main container. */
  readonly containerPath: FieldPath
  readonly volumesPath: FieldPath
  readonly volumes: readonly JsonObject[]
  readonly mounts: readonly JsonObject[]
  /** GPUs of one pod in the manifest; null if not set. */
  readonly gpusPerPod: number | null
  /** Paths of the pod's GPU limits and requests, as far as they exist. */
  readonly gpuPaths: readonly FieldPath[]
  /** Pods per worker. */
  readonly nodes: number
  readonly multinodePath: FieldPath
  readonly replicas: number
  readonly replicasPath: FieldPath
}

/** The components of a manifest's graph, in its order. */
export function componentsOf({ graph, version }: Manifest): readonly Component[] {
  const spec = readAt(graph.resource, ['spec'])
  if (version === 'v1alpha1') {
    const services = readAt(spec, ['services'])
    return isJsonObject(services)
      ? Object.entries(services).map(([name, value]) => view(version, name, ['spec', 'services', name], value))
      : []
  }
  const components = readAt(spec, ['components'])
  return (Array.isArray(components) ? components : []).flatMap((value: Json) => {
    const name = readAt(value, ['name'])
    return typeof name === 'string' ? [view(version, name, ['spec', 'components', { name }], value)] : []
  })
}

/** Paths of pod fields in each API version, relative to the component. */
const shapes: {
  readonly [version in GraphVersion]: {
    readonly pod: FieldPath
    readonly container: FieldPath
    readonly resources: FieldPath
    readonly gpu: string
  }
} = {
  v1alpha1: {
    pod: ['extraPodSpec'],
    container: ['extraPodSpec', 'mainContainer'],
    resources: ['resources'],
    gpu: 'gpu',
  },
  v1beta1: {
    pod: ['podTemplate', 'spec'],
    container: ['podTemplate', 'spec', 'containers', { name: 'main' }],
    resources: ['podTemplate', 'spec', 'containers', { name: 'main' }, 'resources'],
    gpu: 'nvidia.com/gpu',
  },
}

function view(version: GraphVersion, name: string, path: FieldPath, value: Json): Component {
  const shape = shapes[version]
  const container = readAt(value, shape.container)
  const [command, args] = [strings(readAt(container, ['command'])), strings(readAt(container, ['args']))]
  const gpuPaths = [['limits'], ['requests']]
    .map(section => [...shape.resources, ...section, shape.gpu])
    .filter(gpuPath => readAt(value, gpuPath) !== undefined)
  const gpus = gpuPaths.map(gpuPath => Number(readAt(value, gpuPath)))[0]
  return {
    name,
    path,
    type: typeOf(version, value),
    command,
    args,
    commandText: [...command, ...args].join(' '),
    env: objects(readAt(container, ['env'])),
    containerPath: [...path, ...shape.container],
    volumesPath: [...path, ...shape.pod, 'volumes'],
    volumes: objects(readAt(value, [...shape.pod, 'volumes'])),
    mounts: objects(readAt(container, ['volumeMounts'])),
    gpusPerPod: gpus !== undefined && Number.isInteger(gpus) ? gpus : null,
    gpuPaths: gpuPaths.map(gpuPath => [...path, ...gpuPath]),
    nodes: nodeCountOf(value),
    multinodePath: [...path, 'multinode'],
    replicas: numberOr(1, readAt(value, ['replicas'])),
    replicasPath: [...path, 'replicas'],
  }
}

/** Pods of one worker of a component, as set in a graph. Dynamo uses two if `multinode` has no number. */
function nodeCountOf(component: Json | undefined): number {
  const multinode = readAt(component, ['multinode'])
  return isJsonObject(multinode) ? Math.max(1, numberOr(2, multinode.nodeCount)) : 1
}

/** Pods of one worker of a component in a graph of the cluster; null if the graph lacks the component. */
export function nodesInGraph(graph: JsonObject, { path }: Component): number | null {
  const component = readAt(graph, path)
  return component === undefined ? null : nodeCountOf(component)
}

/** Fields that set the number of pods per worker of a component; none if the manifest has that number already. */
export function nodeFields({ nodes, multinodePath }: Component, wanted: number): readonly Field[] {
  if (nodes === wanted) return []
  if (wanted === 1) return [{ path: multinodePath, value: undefined }]
  return [{ path: [...multinodePath, 'nodeCount'], value: wanted }]
}

function typeOf(version: GraphVersion, value: Json): string | undefined {
  const keys = version === 'v1alpha1' ? ['subComponentType', 'componentType'] : ['type']
  const said = keys.map(key => readAt(value, [key])).find(type => typeof type === 'string' && type !== '')
  return typeof said === 'string' ? said.toLowerCase() : undefined
}

/**
 * The value of an argument of the component's program, in the form `--name value` or `--name=value`. The last
 * occurrence counts.
 */
export function argumentOf({ commandText }: Component, name: string): string | undefined {
  return [...commandText.matchAll(new RegExp(`--${name}(?:=|\\s+)["']?([^\\s"']+)`, 'g'))].at(-1)?.[1]
}

/** Fields that give a component this number of workers. */
export function replicasField(component: Component, replicas: number): Field {
  return { path: component.replicasPath, value: replicas }
}

const strings = (value: Json | undefined) =>
  (Array.isArray(value) ? value : []).filter((item): item is string => typeof item === 'string')
const objects = (value: Json | undefined) => (Array.isArray(value) ? value : []).filter(isJsonObject)
const numberOr = (other: number, value: Json | undefined) => (typeof value === 'number' ? value : other)
