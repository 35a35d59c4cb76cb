import type { ApiServer } from './api-server.ts'
import { until } from './api-server.ts'

/**
 * Dynamo's two kinds, reduced to what a sweep touches and written for this test: field names, the component list that merges by
 * name, the status and scale subresources and the adapters' bounds are those of Dynamo's own definitions (ai-dynamo/dynamo,
 * deploy/operator/api), whose generated schema is half a megabyte; everything else is kept as it is given. Both versions are
 * served without conversion between them, which in a real cluster is the operator's.
 */
const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
const count = { type: 'integer', format: 'int32', minimum: 0 }
const status = {
  ...anything,
  properties: { observedGeneration: { type: 'integer', format: 'int64' }, state: { type: 'string' } },
}
const component = { ...anything, properties: { replicas: count, name: { type: 'string', minLength: 1 } } }
const framework = { type: 'string', enum: ['sglang', 'vllm', 'trtllm'] }

const graphSpec = {
  v1alpha1: {
    ...anything,
    properties: {
      backendFramework: framework,
      services: { type: 'object', maxProperties: 25, additionalProperties: component },
    },
  },
  v1beta1: {
    ...anything,
    properties: {
      backendFramework: framework,
      components: {
        type: 'array',
        maxItems: 25,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: { ...component, required: ['name'] },
      },
    },
  },
}

const adapterSpec = {
  type: 'object',
  required: ['dgdRef', 'replicas'],
  properties: {
    replicas: count,
    dgdRef: {
      type: 'object',
      required: ['name', 'service'],
      properties: { name: { type: 'string' }, service: { type: 'string' } },
    },
  },
}

function definition(kind: string, versions: { readonly [version: string]: object }, subresources: object) {
  const singular = kind.toLowerCase()
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${singular}s.nvidia.com` },
    spec: {
      group: 'nvidia.com',
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural: `${singular}s`, singular },
      versions: Object.entries(versions).map(([name, spec], index) => ({
        name,
        served: true,
        storage: index === 0,
        subresources,
        schema: { openAPIV3Schema: { type: 'object', properties: { spec, status } } },
      })),
    },
  }
}

const scale = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' }
const definitions = [
  definition('DynamoGraphDeployment', graphSpec, { status: {} }),
  definition('DynamoGraphDeploymentScalingAdapter', { v1alpha1: adapterSpec }, { status: {}, scale }),
]

/** Installs both kinds and waits until they are served. */
export async function installDefinitions({ call }: ApiServer): Promise<void> {
  for (const one of definitions) await call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', one)
  for (const { spec } of definitions) {
    for (const { name } of spec.versions) {
      const path = `/apis/nvidia.com/${name}/namespaces/llm/${spec.names.plural}`
      await until(async () => (await call('GET', path).catch(() => null)) !== null)
    }
  }
}
