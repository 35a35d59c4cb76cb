import { join } from 'node:path'
import type { ConfiguredDeployer } from '../deployers/define-deployer.ts'
import type { ConfiguredGenerator } from '../generators/define-generator.ts'
import { contentId, type Deployment, type Json, type Load, type Model, rolesOf, type Workload } from '../model/index.ts'
import { fromFile, lookUp, type SectionContext } from '../yaml/section-context.ts'
import type { RawEngine } from './schema/engine.ts'
import type { Sweep } from './sweep.ts'

/**
 * The part of `deploy` that affects results, as written instead of resolved, so that a sweep has the same ids in
 * another checkout and on another machine. Files are identified by content.
 */
export function deployIdentity(deploy: ConfiguredDeployer, context: SectionContext): Json {
  const written = byContent(deploy.decisive, context) as { readonly [key: string]: Json }
  return { ...written, ...deploy.identity() }
}

/**
 * Keys that name programs. Their files are not hashed, because results depend on installed packages, which such a file
 * does not contain.
 */
const programs = new Set(['python', 'command', 'dynamo', 'runtime'])
/** Files that are too large to hash each time and rarely replaced under the same name: weights, images, libraries. */
const isLarge = (path: string) =>
  /\.(safetensors|gguf|bin|pt|pth|onnx|engine|plan|so|sif|sqsh|img|tar)(\.[0-9.]+)?$/.test(path)
/** Files without an extension are usually programs. */
const hasEnding = (path: string) => /\.\w+$/.test(path)
const isData = (path: string) => /\.(ya?ml|jsonl?|toml|npz|npy|csv|txt|conf)$/.test(path)

function byContent(value: Json, context: SectionContext): Json {
  if (typeof value === 'string') return fingerprintOf(value, context) ?? value
  if (Array.isArray(value)) return value.map(item => byContent(item, context))
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, programs.has(key) ? item : byContent(item, context)]),
    )
  }
  return value
}

/** Hash of the file that a text names; null if it names no file, or one that is not identified by content. */
function fingerprintOf(text: string, context: SectionContext): string | null {
  if (!/^\.{0,2}\//.test(text) && !isData(text)) return null
  const path = fromFile(context, text)
  return hasEnding(path) && !isLarge(path) && lookUp(context, path) === 'file' ? context.files.fingerprint(path) : null
}

/** Identifies a model. Its tokenizer is identified by content: tokens and chat template. */
export function modelIdentity(model: Model, context: SectionContext): Json {
  const hashOf = (name: string) => {
    const file = join(model.tokenizer, name)
    return lookUp(context, file) === 'file' ? context.files.fingerprint(file) : null
  }
  const tokenizer = model.tokenizer.startsWith('builtin:') ? null : hashOf('tokenizer.json')
  const mix = model.mix === undefined ? {} : { mix: model.mix.map(({ name, weight }) => ({ name, weight })) }
  if (tokenizer === null) return { name: model.name, tokenizer: model.tokenizer, ...mix }
  const templates = ['tokenizer_config.json', 'chat_template.jinja'].flatMap(name => hashOf(name) ?? [])
  return { name: model.name, tokenizer, ...(templates.length === 0 ? {} : { templates }), ...mix }
}

/** Hashes of the files that engine settings name; null if they name none. */
export function engineFilesIdentity(engine: RawEngine, context: SectionContext): Json {
  const hashes = new Set<string>()
  const look = (value: Json): void => {
    if (typeof value === 'string') {
      const hash = /^\.{0,2}\//.test(value) ? fingerprintOf(value, context) : null
      if (hash !== null) hashes.add(hash)
    } else if (value !== null && typeof value === 'object') for (const item of Object.values(value)) look(item)
  }
  look(engine as Json)
  return hashes.size === 0 ? null : [...hashes].sort()
}

/**
 * The part of a generator's configuration that affects results. Arguments of its program have a separate key, for
 * compatibility with earlier runs. Files are identified by content, except for relative paths in arguments, because a
 * program runs in the folder of its point.
 */
export function generatorIdentity(
  { decisive }: Pick<ConfiguredGenerator, 'decisive'>,
  context: SectionContext,
): { readonly [key: string]: Json } {
  const { args = [], ...settings } = decisive
  const contentOf = (path: string) =>
    !isLarge(path) && lookUp(context, path) === 'file' ? context.files.fingerprint(path) : path
  const generatorArgs = (Array.isArray(args) ? args : []).map(arg => {
    const path = typeof arg === 'string' ? pathIn(arg) : null
    return typeof arg !== 'string' || path === null ? arg : arg.slice(0, arg.length - path.length) + contentOf(path)
  })
  if (Object.keys(settings).length === 0) return { generatorArgs }
  return { generatorArgs, generatorSettings: byContent(settings, context) }
}

/** The absolute path that an argument consists of or ends with. */
const pathIn = (arg: string): string | null => /^(?:-{1,2}[\w-]+=)?(\/.*)$/.exec(arg)?.[1] ?? null

/** Id of a deployment. Includes GPUs per worker only for the roles that it has. */
export function deploymentId(deployment: Omit<Deployment, 'id'>, model: Json, deploy: Json): string {
  const { topology, engine, gpusPerWorker } = deployment
  const gpus = Object.fromEntries(rolesOf(topology).map(role => [role, gpusPerWorker[role]]))
  return contentId({ topology, engine, gpus, model, deploy })
}

/**
 * Id of a point: a hash of everything that affects its results. Excludes the workload's name, the SLO and the validity
 * limits, which judge a measurement without changing it.
 */
export function pointId(sweep: Sweep, deployment: Deployment, workload: Workload, load: Load, repeat: number): string {
  // The content replaces the path.
  const { name: _, datasetSha256: __, ...content } = workload
  const byFile = (path: string) => sweep.fingerprints[path] ?? path
  const datasetFile = content.datasetFile === undefined ? {} : { datasetFile: byFile(content.datasetFile) }
  const level = load.level.kind === 'trace' ? { ...load.level, file: byFile(load.level.file) } : load.level
  return contentId({
    deployment: deployment.id,
    workload: { ...content, ...datasetFile },
    load: { ...load, level },
    prompts: sweep.prompts,
    generator: sweep.generator.name,
    ...sweep.generatorIdentity,
    repeat,
  })
}

/** Seed of a point, the same in every run: 31 bits of a hash of its id and the sweep's seed. */
export function pointSeed(id: string, seed: number): number {
  return Number.parseInt(contentId({ id, seed }).slice(0, 8), 16) & 0x7fffffff
}
