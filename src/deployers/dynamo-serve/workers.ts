import { trtllm } from '../../engines/index.ts'
import { isRecord, type Json, type JsonObject, type Role } from '../../model/index.ts'
import { lookUp, type SectionContext } from '../../yaml/section-context.ts'
import { readYaml } from '../../yaml/yaml-source.ts'
import type { EngineFile, WorkerEngine } from '../worker-engine.ts'
import type { DynamoServeConfig } from './config.ts'
import { engineFilesOf, modeOf, modes, rolesOfMode, serviceOf } from './service-file.ts'

/** TensorRT-LLM of Dynamo 0.3, which reads its settings from the engine files named in service configurations. */
export function serveWorkers(config: DynamoServeConfig, context: SectionContext): WorkerEngine {
  return {
    engine: trtllm.name,
    release: 'dynamo-0.3',
    isComplete: false,
    // `publish_events_and_metrics` of components/worker.py; prefill workers of 0.3.1 have no such setting.
    metricsShownBy: 'in NVIDIA’s example for Dynamo 0.3.1, the worker publishes them if its section has router: kv',
    arguments: () => [],
    // This deployer's checks report problems of the files; an incomplete pair matches nothing.
    engineFile: role => {
      const whole = rolesOfMode(modeOf(role)).every(each => engineFile(config, each, context) !== null)
      return whole ? engineFile(config, role, context) : null
    },
  }
}

/** What a role's workers read: a section of the disaggregated engine file, or the top level of the aggregated one. */
function engineFile(config: DynamoServeConfig, role: Role, context: SectionContext): EngineFile | null {
  const services = mapIn(config.configs[modeOf(role)], context)?.value[serviceOf(config, role)]
  const [use] = isRecord(services) ? engineFilesOf(config, role, services as JsonObject) : []
  const file = use === undefined ? null : mapIn(use.path, context)
  if (use === undefined || file === null) return null
  const settings = use.section === null ? file.value : file.value[use.section]
  if (!isRecord(settings)) return null
  const base = use.section === null ? [] : [use.section]
  return {
    shown: use.path,
    settings: settings as JsonObject,
    positionOf: (path, at = 'value') => file.yaml.positionOf([...base, ...path], at),
    problems: [],
  }
}

/**
 * The user's files by content, for each kind of topology. Most are named by the guide's defaults or by each other, and
 * none by a path in the sweep file.
 */
export function serveFiles(
  config: DynamoServeConfig,
  context: SectionContext,
): { readonly [mode: string]: readonly string[] } {
  const isThere = (path: string) => lookUp(context, path) === 'file'
  const filesOf = (file: string, mode: (typeof modes)[number]): readonly string[] => {
    if (!isThere(file)) return []
    const { value } = readYaml(context.files.text(file))
    const engines = rolesOfMode(mode).flatMap(role => {
      const section = isRecord(value) ? value[serviceOf(config, role)] : null
      return isRecord(section) ? engineFilesOf(config, role, section as { readonly [key: string]: Json }) : []
    })
    const paths = engines.map(({ path }) => path).filter(isThere)
    return [file, ...new Set(paths)].map(path => context.files.fingerprint(path))
  }
  return Object.fromEntries(modes.map(mode => [mode, filesOf(config.configs[mode], mode)]))
}

function mapIn(path: string, context: SectionContext) {
  if (lookUp(context, path) !== 'file') return null
  const yaml = readYaml(context.files.text(path))
  return isRecord(yaml.value) ? { yaml, value: yaml.value as JsonObject } : null
}
