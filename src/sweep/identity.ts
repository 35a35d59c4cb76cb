import { join } from 'node:path'
import { contentId, type Deployment, type Json, type Load, type Model, rolesOf, type Workload } from '../point/index.ts'
import type { RawDeploy } from './schema/deploy.ts'
import { fromFile, lookUp, type SectionContext } from './sections/context.ts'
import { serveFiles } from './serve-files.ts'
import type { Sweep } from './sweep.ts'

/** Keys of `deploy` that change nothing about a measurement: where services listen, how machines are reached and asked for. */
const operational = new Set([
  'nats',
  'etcd',
  'http_port',
  'ready_timeout',
  'api_key_env',
  'gpus_per_worker',
  'kubeconfig',
  'context',
  'on_exit',
  'head',
  'ssh',
  'queue_timeout',
  'account',
  'time',
])

/**
 * What of `deploy` decides an outcome, as written rather than resolved: the same sweep has the same ids in another checkout and on
 * another machine. Files count by their content.
 */
export function deployIdentity(raw: RawDeploy, context: SectionContext): Json {
  const written = byContent(decisive(raw as { readonly [key: string]: Json }), context) as {
    readonly [key: string]: Json
  }
  return raw.with === 'dynamo-serve' ? { ...written, files: serveFiles(raw, context) } : written
}

/** Without what is operational, in the map of a Slurm allocation too. */
function decisive(map: { readonly [key: string]: Json }): { readonly [key: string]: Json } {
  const entries = Object.entries(map).filter(([key]) => !operational.has(key))
  const isMap = (value: Json): value is { readonly [key: string]: Json } =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
  return Object.fromEntries(
    entries.map(([key, value]) => [key, key === 'slurm' && isMap(value) ? decisive(value) : value]),
  )
}

function byContent(value: Json, context: SectionContext): Json {
  if (typeof value === 'string') {
    if (!/^\.{0,2}\/|\.ya?ml$/.test(value)) return value
    const path = fromFile(context, value)
    // A program (python) may be gigabytes behind links; its content says nothing about the packages beside it.
    const isData = /\.(ya?ml|json|jsonl|toml|npz|npy|csv|txt|conf)$/.test(value)
    return isData && lookUp(context, path) === 'file' ? context.files.fingerprint(path) : value
  }
  if (Array.isArray(value)) return value.map(item => byContent(item, context))
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, byContent(item, context)]))
  }
  return value
}

/** A tokenizer counts by its content too. */
export function modelIdentity(model: Model, context: SectionContext): Json {
  const file = join(model.tokenizer, 'tokenizer.json')
  const isFolder = !model.tokenizer.startsWith('builtin:') && lookUp(context, file) === 'file'
  return { name: model.name, tokenizer: isFolder ? context.files.fingerprint(file) : model.tokenizer }
}

/** Id of a deployment; GPUs per worker count for the roles that it has. */
export function deploymentId(deployment: Omit<Deployment, 'id'>, model: Json, deploy: Json): string {
  const { topology, engine, gpusPerWorker } = deployment
  const gpus = Object.fromEntries(rolesOf(topology).map(role => [role, gpusPerWorker[role]]))
  return contentId({ topology, engine, gpus, model, deploy })
}

/**
 * Id of a point: all that decides its outcome. Not the workload's name, the SLO and the validity limits: they judge a measurement
 * and don't change it.
 */
export function pointId(sweep: Sweep, deployment: Deployment, workload: Workload, load: Load, repeat: number): string {
  // The content stands in for the path.
  const { name: _, datasetSha256: __, ...content } = workload
  const byFile = (path: string) => sweep.fingerprints[path] ?? path
  const datasetFile = content.datasetFile === undefined ? {} : { datasetFile: byFile(content.datasetFile) }
  const level = load.level.kind === 'trace' ? { ...load.level, file: byFile(load.level.file) } : load.level
  return contentId({
    deployment: deployment.id,
    workload: { ...content, ...datasetFile },
    load: { ...load, level },
    prompts: sweep.prompts,
    generator: sweep.generator,
    generatorArgs: sweep.generatorSettings.args,
    repeat,
  })
}

/** A seed of a point's own, the same in every run: 31 bits of its id and the sweep's seed. */
export function pointSeed(id: string, seed: number): number {
  return Number.parseInt(contentId({ id, seed }).slice(0, 8), 16) & 0x7fffffff
}
