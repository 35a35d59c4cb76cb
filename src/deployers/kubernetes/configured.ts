import { commandLine, mergeArguments } from '../../engines/arguments.ts'
import { engines } from '../../engines/index.ts'
import type { Json } from '../../model/index.ts'
import type { ConfiguredParts } from '../define-deployer.ts'
import { type Component, componentsOf } from './component.ts'
import { type NoArguments, withArguments } from './component-arguments.ts'
import type { ComponentKeys } from './config.ts'
import { type Field, readAt, samePath, withFields } from './fields.ts'
import type { Manifest, ManifestProblem } from './manifest.ts'
import type { ComponentRole } from './roles.ts'

/** A component of the manifest with the overrides of the sweep file. */
export interface ConfiguredComponent {
  readonly component: Component
  readonly fields: readonly Field[]
  readonly problems: readonly ManifestProblem[]
}

/** What a configuration sets for one role, role-specific and shared keys merged. */
function askedOf(role: ComponentRole, config: ComponentKeys) {
  const { backend, args, role_args, frontend_args, env, role_env, frontend_env } = config
  return role === 'frontend'
    ? {
        image: config.frontend_image,
        backend: undefined,
        args: mergeArguments(frontend_args),
        env: { ...env, ...frontend_env },
      }
    : {
        image: config.image,
        backend,
        args: mergeArguments(args, role_args?.[role]),
        env: { ...env, ...role_env?.[role] },
      }
}

/** What a configuration sets for the frontend and the workers, independent of the manifest. */
export function kubernetesParts(config: ComponentKeys): ConfiguredParts {
  const asked = (role: ComponentRole): Json => JSON.parse(JSON.stringify(askedOf(role, config)))
  return {
    frontend: asked('frontend'),
    workers: { prefill: asked('prefill'), decode: asked('decode'), aggregated: asked('aggregated') },
  }
}

/** Applies the configuration of a role to its component. */
export function configured(
  manifest: Manifest,
  role: ComponentRole,
  component: Component,
  config: ComponentKeys,
): ConfiguredComponent {
  const asked = askedOf(role, config)
  const problems: ManifestProblem[] = []
  let fields: readonly Field[] = []
  const now = () => componentWith(manifest, component, fields)
  const put = (change: { readonly fields: readonly Field[] } | NoArguments, path = component.path) => {
    if ('problem' in change) problems.push({ at: manifest.graph.placeOf(path), ...change })
    else fields = mergedFields(fields, change.fields)
  }
  if (asked.backend !== undefined) {
    const framework = frameworkProblem(manifest, asked.backend)
    if (framework !== null) put(framework, ['spec', 'backendFramework'])
    put(withBackend(component, asked.backend))
  }
  if (asked.image !== undefined) put({ fields: [{ path: [...component.containerPath, 'image'], value: asked.image }] })
  const more = commandLine(asked.args)
  if (more.length > 0) put(withArguments(now(), more, role === 'frontend'))
  if (Object.keys(asked.env).length > 0) {
    const kept = component.env.filter(({ name }) => !Object.hasOwn(asked.env, String(name)))
    const value = [...kept, ...Object.entries(asked.env).map(([name, text]) => ({ name, value: text }))]
    put({ fields: [{ path: [...component.containerPath, 'env'], value }] })
  }
  return { component: now(), fields, problems }
}

/** Merges two lists of fields, each path once. The later list takes precedence. */
export function mergedFields(earlier: readonly Field[], later: readonly Field[]): readonly Field[] {
  return [...earlier.filter(({ path }) => !later.some(field => samePath(field.path, path))), ...later]
}

function componentWith(manifest: Manifest, component: Component, fields: readonly Field[]): Component {
  if (fields.length === 0) return component
  const graph = { ...manifest.graph, resource: withFields(manifest.graph.resource, fields) }
  return componentsOf({ ...manifest, graph }).find(({ name }) => name === component.name) ?? component
}

const workerModule = new RegExp(`\\b(?:${engines.map(({ module }) => module.replaceAll('.', '\\.')).join('|')})\\b`)

/** Replaces the module in a worker's command. */
function withBackend(component: Component, backend: string): { readonly fields: readonly Field[] } | NoArguments {
  const { name, containerPath, commandText } = component
  if (!workerModule.test(commandText)) {
    const problem = `${name} does not say which backend it runs, so deploy.backend cannot replace it`
    return { problem, right: 'write its command as python3 -m dynamo.…' }
  }
  return {
    fields: (['command', 'args'] as const).flatMap(key => {
      const value = component[key].map(word => word.replace(workerModule, backend))
      return value.every((word, i) => word === component[key][i]) ? [] : [{ path: [...containerPath, key], value }]
    }),
  }
}

/** Dynamo's admission webhook rejects a different framework for an existing graph. */
function frameworkProblem({ graph }: Manifest, backend: string): NoArguments | null {
  const framework = readAt(graph.resource, ['spec', 'backendFramework'])
  if (typeof framework !== 'string' || backend === `dynamo.${framework}`) return null
  return {
    problem: `backendFramework is ${framework}, which Dynamo does not allow to change, but deploy.backend is ${backend}`,
    right: 'remove backendFramework, or use another manifest for the other backend',
  }
}
