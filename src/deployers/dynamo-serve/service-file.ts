import { isAbsolute, resolve } from 'node:path'
import { isJsonObject, type JsonObject, type Role } from '../../model/index.ts'
import type { DynamoServeConfig } from './config.ts'
import { sectionOf } from './engine-file.ts'
import type { YamlFile } from './yaml-file.ts'

/** Kinds of topology, each with a separate service configuration (`agg.yaml`, `disagg.yaml`). */
export type Mode = 'aggregated' | 'disaggregated'

/** Both kinds, in the order in which files are checked and listed. */
export const modes: readonly Mode[] = ['aggregated', 'disaggregated']

/** Kind of topology that contains a role. */
export function modeOf(role: Role): Mode {
  return role === 'aggregated' ? 'aggregated' : 'disaggregated'
}

/** Roles of the workers in a kind of topology. */
export function rolesOfMode(mode: Mode): readonly Role[] {
  return mode === 'aggregated' ? ['aggregated'] : ['prefill', 'decode']
}

/** Splits `components.worker:TensorRTLLMWorker`. */
export function partsOf(target: string): { readonly module: string; readonly service: string } {
  const colon = target.lastIndexOf(':')
  return { module: target.slice(0, colon), service: target.slice(colon + 1) }
}

/** Service of a role's workers, which is also the name of its section. */
export function serviceOf(config: DynamoServeConfig, role: Role): string {
  return partsOf(config.workers[role]).service
}

/** Section of a service; empty if there is none. */
export function sectionNamed(file: YamlFile, service: string): JsonObject {
  const section = file.value[service]
  return isJsonObject(section) ? section : {}
}

/** A key as the section spells it (`engine_args`, `engine-args`); null if absent. */
export function writtenKey(section: JsonObject, name: string): string | null {
  return Object.keys(section).find(key => key.replaceAll('_', '-') === name) ?? null
}

/** Whether a decode worker is configured to leave prompts to prefill workers. */
export function remotePrefill(section: JsonObject): string | null {
  const key = writtenKey(section, 'remote-prefill') ?? writtenKey(section, 'enable-disagg')
  return key !== null && section[key] === true ? key : null
}

/** An engine file named in a section, and the part that the role reads. */
export interface EngineFileUse {
  /** Key of the section that names it. */
  readonly key: string
  readonly path: string
  /** Map inside the file; null for the top level. */
  readonly section: string | null
}

/** Engine files that a role's section names, starting with the one that its settings are written to. */
export function engineFilesOf(config: DynamoServeConfig, role: Role, section: JsonObject): readonly EngineFileUse[] {
  const use = (name: string, inFile: string | null): readonly EngineFileUse[] => {
    const key = writtenKey(section, name)
    const path = key === null ? undefined : section[key]
    if (key === null || typeof path !== 'string' || path === '') return []
    return [{ key, path: isAbsolute(path) ? path : resolve(config.workdir, path), section: inFile }]
  }
  const split = role === 'aggregated' ? [] : use('llmapi-disaggregated-config', sectionOf(role))
  return [...split, ...use('engine-args', null), ...use('extra-engine-args', null)]
}

/** GPUs of one worker according to its section; null if not set. */
export function gpusSaid(section: JsonObject): number | null {
  const args = section.ServiceArgs
  const resources = isJsonObject(args) ? args.resources : undefined
  const gpus = isJsonObject(resources) ? Number(resources.gpu) : Number.NaN
  return Number.isInteger(gpus) && gpus > 0 ? gpus : null
}
