import { isAbsolute, resolve } from 'node:path'
import type { Role } from '../../model/index.ts'
import type { DynamoServeConfig } from './config.ts'
import { sectionOf } from './engine-file.ts'
import { isObject, type JsonObject, type YamlFile } from './yaml-file.ts'

/** The two kinds of topology, each with a service configuration (`agg.yaml`, `disagg.yaml`) of its own. */
export type Mode = 'aggregated' | 'disaggregated'

export const modes: readonly Mode[] = ['aggregated', 'disaggregated']

export function modeOf(role: Role): Mode {
  return role === 'aggregated' ? 'aggregated' : 'disaggregated'
}

/** The roles whose workers a kind of topology has. */
export function rolesOfMode(mode: Mode): readonly Role[] {
  return mode === 'aggregated' ? ['aggregated'] : ['prefill', 'decode']
}

/** `components.worker:TensorRTLLMWorker` in parts. */
export function partsOf(target: string): { readonly module: string; readonly service: string } {
  const colon = target.lastIndexOf(':')
  return { module: target.slice(0, colon), service: target.slice(colon + 1) }
}

/** The service, and so the section of the configuration, of a role's workers. */
export function serviceOf(config: DynamoServeConfig, role: Role): string {
  return partsOf(config.workers[role]).service
}

/** A service's section; empty when it has none. */
export function sectionNamed(file: YamlFile, service: string): JsonObject {
  const section = file.value[service]
  return isObject(section) ? section : {}
}

/** A key as a section writes it (`engine_args`, `engine-args`); null when it does not. */
export function writtenKey(section: JsonObject, name: string): string | null {
  return Object.keys(section).find(key => key.replaceAll('_', '-') === name) ?? null
}

/** Whether a decode worker is told to leave prompts to prefill workers. */
export function remotePrefill(section: JsonObject): string | null {
  const key = writtenKey(section, 'remote-prefill') ?? writtenKey(section, 'enable-disagg')
  return key !== null && section[key] === true ? key : null
}

/** An engine file that a section names, and the part of it that the role reads. */
export interface EngineFileUse {
  /** The section's key for it. */
  readonly key: string
  readonly path: string
  /** Map inside the file; null for its top level. */
  readonly section: string | null
}

/** The engine files that a role's section names, the one that its settings are written into first. */
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

/** GPUs of one worker as its section says; null when it does not. */
export function gpusSaid(section: JsonObject): number | null {
  const args = section.ServiceArgs
  const resources = isObject(args) ? args.resources : undefined
  const gpus = isObject(resources) ? Number(resources.gpu) : Number.NaN
  return Number.isInteger(gpus) && gpus > 0 ? gpus : null
}
