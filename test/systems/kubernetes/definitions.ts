import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { readAt, withFields } from '../../../src/deployers/kubernetes/fields.ts'
import { isJsonObject, type JsonObject } from '../../../src/model/index.ts'
import type { Call } from './call.ts'
import { until } from './control-plane.ts'

/**
 * Dynamo's two kinds as far as a sweep touches them, written for this test: the fields, types, bounds, list types and
 * subresources were compared with Dynamo's own definitions (ai-dynamo/dynamo, deploy/operator/config/crd/bases), whose
 * schema is half a megabyte. What Dynamo leaves to Kubernetes' pod types is kept as it is given. Both versions are
 * served without conversion between them, which in a real cluster is the operator's. FULCRUM_DYNAMO_CRDS names a folder
 * with the real definitions, which are used instead.
 */
const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
const text = { type: 'string' }
const someText = { type: 'string', minLength: 1 }
const count = { type: 'integer', format: 'int32', minimum: 0 }
const seen = { type: 'integer', format: 'int32' }
const framework = { type: 'string', enum: ['sglang', 'vllm', 'trtllm'] }
const object = (properties: object, required: readonly string[] = []) => ({ type: 'object', properties, required })
const mapOf = (value: object) => ({ type: 'object', additionalProperties: value })

const multinode = object({ nodeCount: { type: 'integer', format: 'int32', minimum: 2, default: 2 } }, ['nodeCount'])
/** v1alpha1 has amounts of its own, as text. */
const amounts = object({ cpu: text, memory: text, gpu: text, gpuType: text, custom: mapOf(text) })
/** What Dynamo's schema (CEL) and its admission webhook say of a component; the webhook's words are its own. */
const rules = {
  'x-kubernetes-validations': [
    {
      rule: '!has(self.minAvailable) || (has(self.replicas) && self.replicas == 0) || self.minAvailable <= (has(self.replicas) ? self.replicas : 1)',
      message: 'minAvailable must be less than or equal to replicas unless replicas is 0',
    },
    {
      rule: '!has(oldSelf.minAvailable) || (has(self.minAvailable) && self.minAvailable == oldSelf.minAvailable)',
      message: 'minAvailable is immutable after creation',
    },
    {
      rule: '(has(self.multinode) ? self.multinode.nodeCount : 1) == (has(oldSelf.multinode) ? oldSelf.multinode.nodeCount : 1)',
      message: 'cannot change node topology after creation',
    },
  ],
}
const minAvailable = { ...count, minimum: 1 }
const service = {
  ...rules,
  ...object({
    componentType: text,
    subComponentType: text,
    replicas: count,
    resources: object({ limits: amounts, requests: amounts }),
    multinode,
    minAvailable,
    scalingAdapter: object({ enabled: { type: 'boolean', default: false } }),
    extraPodSpec: { ...anything, properties: { mainContainer: anything } },
    envs: { type: 'array', items: anything },
  }),
}
const types = ['frontend', 'worker', 'prefill', 'decode', 'planner', 'epp']
const component = {
  ...rules,
  ...object(
    {
      name: { ...someText, maxLength: 63, pattern: '^[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?$' },
      type: { type: 'string', enum: types },
      replicas: count,
      multinode,
      minAvailable,
      dynamoSidecar: text,
      scalingAdapter: { type: 'object' },
      podTemplate: {
        ...anything,
        properties: {
          spec: { ...anything, properties: { containers: listByName(anything), volumes: listByName(anything) } },
        },
      },
    },
    ['name'],
  ),
}

function listByName(item: object) {
  const items = {
    ...item,
    required: ['name'],
    properties: { name: text, ...('properties' in item ? Object(item.properties) : {}) },
  }
  return { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'], items }
}

const workers = object(
  {
    componentKind: { type: 'string', enum: ['PodClique', 'PodCliqueScalingGroup', 'Deployment', 'LeaderWorkerSet'] },
    ...{ componentName: text, componentNames: { type: 'array', items: text } },
    ...{ replicas: count, updatedReplicas: count, readyReplicas: count, availableReplicas: count },
    gpusPerReplica: { type: 'integer', format: 'int64', minimum: 0 },
  },
  ['componentKind', 'replicas', 'updatedReplicas'],
)
const condition = object(
  {
    ...{ type: someText, reason: someText, message: text, lastTransitionTime: { type: 'string', format: 'date-time' } },
    status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
    observedGeneration: { type: 'integer', format: 'int64' },
  },
  ['lastTransitionTime', 'message', 'reason', 'status', 'type'],
)
const graphStatus = (section: string) =>
  object(
    {
      observedGeneration: { type: 'integer', format: 'int64' },
      state: {
        type: 'string',
        enum: ['initializing', 'pending', 'successful', 'failed'],
        default: 'initializing',
      },
      conditions: { type: 'array', items: condition },
      [section]: mapOf(workers),
      rollingUpdate: object({
        phase: { type: 'string', enum: ['Pending', 'InProgress', 'Completed', 'Failed', ''] },
      }),
    },
    ['state'],
  )
const graphs = {
  v1alpha1: {
    spec: object({ backendFramework: framework, services: { ...mapOf(service), maxProperties: 25 } }),
    status: graphStatus('services'),
  },
  v1beta1: {
    spec: object({
      backendFramework: framework,
      components: { ...listByName(component), maxItems: 25 },
      experimental: object({
        componentGroups: {
          ...listByName(object({ replicas: { ...count, minimum: 1 }, components: listByName(object({})) })),
          maxItems: 16,
        },
      }),
    }),
    status: graphStatus('components'),
  },
}
const adapter = (key: string) => ({
  spec: object({ replicas: count, dgdRef: object({ name: someText, [key]: someText }, ['name', key]) }, [
    'dgdRef',
    'replicas',
  ]),
  status: object({ replicas: seen, selector: text, lastScaleTime: { type: 'string', format: 'date-time' } }),
})
const adapters = { v1alpha1: adapter('serviceName'), v1beta1: adapter('componentName') }

interface Shape {
  readonly spec: object
  readonly status: object
}

function definition(kind: string, versions: { readonly [version: string]: Shape }, subresources: object): JsonObject {
  const singular = kind.toLowerCase()
  const made = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${singular}s.nvidia.com` },
    spec: {
      group: 'nvidia.com',
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural: `${singular}s`, singular },
      versions: Object.entries(versions).map(([name, { spec, status }], index) => ({
        name,
        served: true,
        storage: index === 0,
        subresources,
        schema: { openAPIV3Schema: { type: 'object', properties: { spec, status } } },
      })),
    },
  }
  return JSON.parse(JSON.stringify(made))
}

const scale = {
  ...{ specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
  labelSelectorPath: '.status.selector',
}
const reduced = [
  definition('DynamoGraphDeployment', graphs, { status: {} }),
  definition('DynamoGraphDeploymentScalingAdapter', adapters, { status: {}, scale }),
]

/** The definitions that are used, and whether they are Dynamo's own. */
export async function definitions(): Promise<{ readonly real: boolean; readonly all: readonly JsonObject[] }> {
  const folder = process.env.FULCRUM_DYNAMO_CRDS
  if (folder === undefined || folder === '') return { real: false, all: reduced }
  const wanted = /^nvidia\.com_dynamographdeployment(scalingadapter)?s\.yaml$/
  const files = (await readdir(folder)).filter(file => wanted.test(file))
  if (files.length !== reduced.length) throw new Error(`FULCRUM_DYNAMO_CRDS: ${folder} lacks Dynamo's definitions`)
  return {
    real: true,
    all: await Promise.all(files.map(async file => parse(await readFile(join(folder, file), 'utf8')) as JsonObject)),
  }
}

/**
 * Versions are not converted, for there is no operator to ask: each keeps what only the other knows, so that both can
 * be written, whichever is stored.
 */
function unconverted(definition: JsonObject): JsonObject {
  const versions = readAt(definition, ['spec', 'versions'])
  const keep = (schema: JsonObject, path: readonly string[]): JsonObject =>
    isJsonObject(readAt(schema, path))
      ? withFields(schema, [{ path: [...path, 'x-kubernetes-preserve-unknown-fields'], value: true }])
      : schema
  const properties = ['schema', 'openAPIV3Schema', 'properties']
  const parts = [['spec'], ['status'], ['spec', 'properties', 'dgdRef']]
  return withFields(definition, [
    { path: ['spec', 'conversion'], value: { strategy: 'None' } },
    {
      path: ['spec', 'versions'],
      value: (Array.isArray(versions) ? versions : [])
        .filter(isJsonObject)
        .map(version => parts.reduce((kept, part) => keep(kept, [...properties, ...part]), version)),
    },
  ])
}

/** Installs both kinds and waits until they are served. */
export async function installDefinitions(call: Call): Promise<void> {
  const { all } = await definitions()
  for (const one of all.map(unconverted))
    await call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', one)
  for (const { spec } of all) {
    const versions = readAt(spec, ['versions'])
    for (const version of Array.isArray(versions) ? versions : []) {
      const path = `/apis/nvidia.com/${readAt(version, ['name'])}/namespaces/llm/${readAt(spec, ['names', 'plural'])}`
      await until(async () => (await call('GET', path).catch(() => null)) !== null)
    }
  }
}
