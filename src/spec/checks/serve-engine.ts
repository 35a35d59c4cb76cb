import type { DynamoServeConfig } from '../../deployers/config.ts'
import { engineFilesOf, modeOf, rolesOfMode, serviceOf } from '../../deployers/dynamo-serve/service-file.ts'
import type { Json, Role } from '../../model/index.ts'
import { isRecord } from '../../yaml/schema-walk.ts'
import { lookUp, type SectionContext } from '../../yaml/section-context.ts'
import { readYaml } from '../../yaml/yaml-source.ts'
import type { RawDeploy } from '../schema/deploy.ts'
import { readDynamoServe } from '../sections/dynamo-serve.ts'
import type { EngineFile } from './engine-file.ts'

type JsonObject = { readonly [key: string]: Json }

/**
 * What a role's workers read under `dynamo serve`: a section of the disaggregated engine file, or the top level of the
 * other one. Null as well when it is the other role that has none: the deployer tells what is wrong with the files, and
 * half of a pair agrees with nothing.
 */
export function readServeEngine(
  deploy: Extract<RawDeploy, { with: 'dynamo-serve' }>,
  role: Role,
  context: SectionContext,
): EngineFile | null {
  const config = readDynamoServe(deploy, {}, { ...context, report: () => {} })
  const whole = rolesOfMode(modeOf(role)).every(each => engineOf(config, each, context) !== null)
  return whole ? engineOf(config, role, context) : null
}

function engineOf(config: DynamoServeConfig, role: Role, context: SectionContext): EngineFile | null {
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

function mapIn(path: string, context: SectionContext) {
  if (lookUp(context, path) !== 'file') return null
  const yaml = readYaml(context.files.text(path))
  return isRecord(yaml.value) ? { yaml, value: yaml.value as JsonObject } : null
}
