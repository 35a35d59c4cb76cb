import { engines } from '../../engines/index.ts'
import type { Role } from '../../model/index.ts'
import { argumentOf, type Component, componentsOf } from './component.ts'
import type { KubernetesConfig } from './config.ts'
import type { Manifest, ManifestProblem } from './manifest.ts'

/** What a component does in a sweep. */
export type ComponentRole = Role | 'frontend'

/** The component for each role. */
export type Cast = { readonly [role in ComponentRole]?: Component }

/** An invalid mapping in the sweep file. */
export interface MappingProblem {
  readonly role: ComponentRole
  readonly problem: string
  readonly right: string
}

/** The components of a manifest by role, and why some have none. */
export interface Casting {
  readonly cast: Cast
  readonly problems: readonly ManifestProblem[]
  readonly mappingProblems: readonly MappingProblem[]
}

/** Declared types that determine the role; `worker` leaves it open. */
const types: { readonly [type: string]: ComponentRole | 'worker' } = {
  frontend: 'frontend',
  prefill: 'prefill',
  decode: 'decode',
  aggregated: 'aggregated',
  worker: 'worker',
}
/** Values of `--disaggregation-mode`: TensorRT-LLM, vLLM and mocker; `null` in SGLang. */
const modes: { readonly [mode: string]: Role } = {
  prefill: 'prefill',
  decode: 'decode',
  agg: 'aggregated',
  aggregated: 'aggregated',
  prefill_and_decode: 'aggregated',
  null: 'aggregated',
}

/**
 * Finds the frontend and the worker pool of each role: by declared type, then by the worker's arguments, then by the
 * mapping in the sweep file. A plain worker next to a prefill pool decodes (as in vLLM's recipes); alone, it does both.
 */
export function castOf(manifest: Manifest, services: KubernetesConfig['services']): Casting {
  const components = componentsOf(manifest)
  const problems: ManifestProblem[] = []
  const mappingProblems = checkMapping(components, services)
  const mapped = new Map(
    Object.entries(services).flatMap(([role, name]) => {
      const component = components.find(candidate => candidate.name === name)
      return component === undefined ? [] : [[component, role as ComponentRole] as const]
    }),
  )
  const known = new Map<Component, ComponentRole | 'worker'>()
  for (const component of components) {
    const role = mapped.get(component) ?? roleOf(component)
    if (role !== undefined) known.set(component, role)
  }
  const found = new Set(known.values())
  const plain: Role = found.has('prefill') && !found.has('decode') ? 'decode' : 'aggregated'
  const cast: { [role in ComponentRole]?: Component } = {}
  for (const [component, said] of known) {
    const role = said === 'worker' ? plain : said
    const first = cast[role]
    if (first === undefined) cast[role] = component
    else {
      problems.push({
        at: manifest.graph.placeOf(component.path),
        problem: `${component.name} is a second ${role} component beside ${first.name}`,
        right: 'a sweep scales one pool of each role: merge the two, or remove one from the manifest',
      })
    }
  }
  if (cast.frontend === undefined && problems.length === 0) {
    problems.push({
      at: manifest.graph.placeOf(['spec']),
      problem: `the DynamoGraphDeployment ${manifest.graph.name} has no frontend, only ${namesOf(components)}`,
      right: 'add a component of type frontend, or name it: services: { frontend: NAME }',
    })
  }
  return { cast, problems, mappingProblems }
}

/** The worker module of any engine. */
const workerModule = new RegExp(`\\b(${engines.map(({ module }) => module.replaceAll('.', '\\.')).join('|')})\\b`)

function roleOf(component: Component): ComponentRole | 'worker' | undefined {
  const declared = component.type === undefined ? undefined : types[component.type]
  if (declared !== undefined && declared !== 'worker') return declared
  // Planners and routers have other types. A component without a type is identified by its program.
  if (component.type !== undefined && declared === undefined) return undefined
  const mode = modes[argumentOf(component, 'disaggregation-mode') ?? '']
  if (mode !== undefined) return mode
  if (/--is-prefill-worker\b/.test(component.commandText)) return 'prefill'
  if (/--is-decode-worker\b/.test(component.commandText)) return 'decode'
  if (declared === 'worker') return 'worker'
  if (/\bdynamo\.frontend\b/.test(component.commandText)) return 'frontend'
  return workerModule.test(component.commandText) ? 'worker' : undefined
}

function checkMapping(
  components: readonly Component[],
  services: KubernetesConfig['services'],
): readonly MappingProblem[] {
  return (Object.entries(services) as [ComponentRole, string][]).flatMap(([role, name]) => {
    const component = components.find(candidate => candidate.name === name)
    if (component === undefined) {
      const right = `the manifest has ${namesOf(components)}`
      return [{ role, problem: `the manifest has no component named ${JSON.stringify(name)}`, right }]
    }
    const declared = component.type === undefined ? undefined : types[component.type]
    if (declared === undefined || declared === 'worker' || declared === role) return []
    const right = 'remove the mapping or change the manifest'
    return [{ role, problem: `the manifest declares ${name} as ${declared}`, right }]
  })
}

/** Names of components, for a message. */
export function namesOf(components: readonly Component[]): string {
  return components.map(({ name }) => name).join(', ') || 'no components'
}
