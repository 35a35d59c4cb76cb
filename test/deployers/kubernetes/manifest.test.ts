import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { KubernetesConfig } from '../../../src/deployers/kubernetes/config.ts'
import { type ComponentRole, castOf } from '../../../src/deployers/kubernetes/roles.ts'
import { manifestOf, problemsOf, v1alpha1, v1beta1 } from './manifests.ts'

const graph = (spec: string) => `apiVersion: nvidia.com/v1alpha1
kind: DynamoGraphDeployment
metadata: { name: graph }
spec:
  services:
    Frontend: { componentType: frontend }
${spec}`
const worker = (name: string, args: string, type = 'worker') =>
  `    ${name}: { componentType: ${type}, extraPodSpec: { mainContainer: { args: [${args}] } } }\n`

/** Component names by role. */
function cast(
  text: string,
  services: KubernetesConfig['services'] = {},
): { readonly [role in ComponentRole]?: string } {
  const { cast, problems, mappingProblems } = castOf(manifestOf(text), services)
  assert.deepEqual([...problems, ...mappingProblems], [])
  return Object.fromEntries(Object.entries(cast).map(([role, component]) => [role, component.name]))
}

describe('a manifest', () => {
  test('may hold several documents, empty ones too', () => {
    const { documents, graph, version } = manifestOf(`---\n${v1alpha1}\n---\n`)
    assert.deepEqual(
      documents.map(({ kind, name }) => `${kind} ${name}`),
      ['ConfigMap decode-engine', 'DynamoGraphDeployment graph'],
    )
    assert.equal(graph.namespace, 'llm')
    assert.equal(version, 'v1alpha1')
  })

  const wrong: readonly [name: string, text: string, problem: RegExp][] = [
    ['a template that is not rendered', 'kind: {{ .Values.x }}\n', /^1:1: .*; render the template first/],
    [
      'no graph',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n',
      /no DynamoGraphDeployment, only ConfigMap/,
    ],
    ['an empty file', '', /^1:1: the manifest has no DynamoGraphDeployment, only nothing/],
    ['a list', '- 1\n', /^1:1: this document is not a Kubernetes resource/],
    ['a second graph', `${graph('')}---\n${graph('')}`, /^8:1: the manifest has a second DynamoGraphDeployment/],
    ['an unknown version', graph('').replace('v1alpha1', 'v3'), /^1:1: .*nvidia\.com\/v3/],
  ]
  for (const [name, text, problem] of wrong) {
    test(`with ${name} is refused by line`, () => {
      assert.match(problemsOf(text).join('\n'), problem)
    })
  }

  test('knows the line of a component in either shape', () => {
    assert.equal(manifestOf(v1alpha1).graph.placeOf(['spec', 'services', 'decode']).line, 26)
    assert.equal(manifestOf(v1beta1).graph.placeOf(['spec', 'components', { name: 'dec' }, 'type']).line, 20)
  })
})

describe('roles', () => {
  test('are told by type and sub-type', () => {
    assert.deepEqual(cast(v1alpha1), { frontend: 'Frontend', prefill: 'prefill', decode: 'decode' })
    assert.deepEqual(cast(v1beta1), { frontend: 'front', prefill: 'pre', decode: 'dec' })
  })

  test('are told by --disaggregation-mode where both pools are plain workers', () => {
    const text = graph(worker('a', '--disaggregation-mode, prefill') + worker('b', '"x --disaggregation-mode=decode"'))
    assert.deepEqual(cast(text), { frontend: 'Frontend', prefill: 'a', decode: 'b' })
  })

  test('a plain worker beside a prefill pool decodes, as vLLM’s recipes write it', () => {
    const text = graph(worker('a', '--is-prefill-worker') + worker('b', '--model, m'))
    assert.deepEqual(cast(text), { frontend: 'Frontend', prefill: 'a', decode: 'b' })
  })

  test('a plain worker alone, or beside both pools, does both', () => {
    assert.deepEqual(cast(graph(worker('w', '--model, m'))), { frontend: 'Frontend', aggregated: 'w' })
    assert.equal(cast(`${v1alpha1}${worker('both', '--model, m')}`).aggregated, 'both')
  })

  test('are told by the sweep file where nothing else tells them', () => {
    const text = graph(worker('a', '--x, y', 'custom') + worker('b', '--x, y', 'custom'))
    assert.deepEqual(cast(text, { prefill: 'a', decode: 'b' }), { frontend: 'Frontend', prefill: 'a', decode: 'b' })
  })

  test('a planner has none', () => {
    assert.deepEqual(cast(graph(worker('p', '--x, y', 'planner') + worker('w', '--x, y'))).aggregated, 'w')
  })

  test('two pools of a role are refused by the line of the second', () => {
    const { problems } = castOf(manifestOf(graph(worker('a', '--x, y') + worker('b', '--x, y'))), {})
    assert.match(problems[0]?.problem ?? '', /^b is a second aggregated component beside a/)
    assert.equal(problems[0]?.at.line, 8)
  })

  test('a graph without a frontend is refused', () => {
    const { problems } = castOf(manifestOf(graph('').replace('Frontend: { componentType: frontend }', 'x: {}')), {})
    assert.match(problems[0]?.problem ?? '', /has no frontend, only x/)
  })

  test('a mapping to an unknown component, or against its type, is refused', () => {
    const { mappingProblems } = castOf(manifestOf(v1alpha1), { prefill: 'prefil', aggregated: 'decode' })
    assert.deepEqual(
      mappingProblems.map(({ role, problem, right }) => `${role}: ${problem}; ${right}`),
      [
        'prefill: the manifest has no component named "prefil"; the manifest has Frontend, prefill, decode',
        'aggregated: the manifest declares decode as decode; remove the mapping or change the manifest',
      ],
    )
  })
})

test('the shipped manifest has all its parts', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../sweeps/kubernetes/deepseek-r1.yaml'), 'utf8')
  assert.deepEqual(cast(text), { frontend: 'Frontend', prefill: 'prefill', decode: 'decode' })
})
