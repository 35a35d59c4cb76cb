import { canonicalJson, defined, type Length, meanTokens, type Workload } from '../../model/index.ts'
import { type Path, pathText } from '../../yaml/problem.ts'
import { existing, lookUp, type SectionContext, seconds } from '../../yaml/section-context.ts'
import type { RawLength, RawWorkloads } from '../schema/workloads.ts'

/** Workloads in file order, with their names. */
export function readWorkloads(raw: RawWorkloads, context: SectionContext): readonly Workload[] {
  const entries = Array.isArray(raw) ? raw : [raw]
  const workloads: Workload[] = []
  const seen = new Map<string, string>()
  const names = new Set<string>()
  for (const [index, entry] of entries.entries()) {
    const path: Path = Array.isArray(raw) ? ['workloads', index] : ['workloads']
    const workload = readWorkload(entry, path, context)
    const { name } = workload
    const content = contentOf(workload)
    const same = seen.get(content)
    if (same !== undefined) {
      context.report(
        path,
        `${pathText(path)} repeats the workload ${JSON.stringify(same)}`,
        'remove it; to measure points several times, write repeats: …',
      )
    } else if (names.has(name)) {
      context.report(path, `two workloads have the name ${JSON.stringify(name)}`, 'write a different name for each')
    }
    seen.set(content, name)
    names.add(name)
    workloads.push(workload)
  }
  return workloads
}

/** What determines the prompts, as text: not the name, and the content of a dataset instead of its path. */
function contentOf({ name: _, datasetFile, datasetSha256, ...content }: Workload): string {
  return canonicalJson({ ...content, dataset: datasetSha256 ?? datasetFile })
}

function readDataset(
  dataset: string,
  path: Path,
  context: SectionContext,
): Pick<Workload, 'datasetFile' | 'datasetSha256'> {
  const datasetFile = existing(context, path, dataset, 'file')
  if (lookUp(context, datasetFile) !== 'file') return { datasetFile }
  return { datasetFile, datasetSha256: context.files.fingerprint(datasetFile) }
}

function readWorkload(raw: Exclude<RawWorkloads, readonly unknown[]>, path: Path, context: SectionContext): Workload {
  if (typeof raw === 'string') {
    const [isl = 0, osl = 0] = raw.split('/').map(Number)
    if (!(isl >= 1 && osl >= 1))
      context.report(path, `${JSON.stringify(raw)} has a length of 0`, 'write lengths of at least one token')
    return { name: raw, isl: { kind: 'fixed', tokens: isl }, osl: { kind: 'fixed', tokens: osl } }
  }
  const isl = readLength(raw.isl, [...path, 'isl'], context)
  const osl = readLength(raw.osl, [...path, 'osl'], context)
  const { prefix, dataset, conversation } = raw
  if (conversation !== undefined && dataset !== undefined) {
    context.report(
      [...path, 'conversation'],
      'conversation and dataset exclude each other',
      'remove one of them: a dataset has its own turns',
    )
  }
  if (prefix !== undefined && dataset !== undefined) {
    context.report(
      [...path, 'prefix'],
      'prefix and dataset exclude each other',
      'remove one of them: a dataset has its own prefixes',
    )
  }
  return {
    name: raw.name ?? workloadName(isl, osl, raw),
    isl,
    osl,
    ...defined({ prefix }),
    ...(dataset === undefined ? {} : readDataset(dataset, [...path, 'dataset'], context)),
    ...(conversation === undefined
      ? {}
      : { conversation: { turns: conversation.turns, thinkMs: 1000 * seconds(conversation.think) } }),
  }
}

function readLength(raw: RawLength, path: Path, context: SectionContext): Length {
  if (typeof raw === 'number') return { kind: 'fixed', tokens: raw }
  if ('mean' in raw) return { kind: 'normal', ...raw }
  if ('normal' in raw) return { kind: 'normal', ...raw.normal }
  if ('lognormal' in raw) return { kind: 'lognormal', ...raw.lognormal }
  if ('uniform' in raw) {
    const { min, max } = raw.uniform
    if (min > max)
      context.report([...path, 'uniform'], `min ${min} is above max ${max}`, 'write the smaller length as min')
    return { kind: 'uniform', min, max }
  }
  return { kind: 'empirical', values: raw.empirical }
}

/** `8000/256`; a distribution shows its mean and kind: `~8000/256`. */
function workloadName(
  isl: Length,
  osl: Length,
  raw: { prefix?: unknown; dataset?: string | undefined; conversation?: unknown },
): string {
  const text = (length: Length) => `${length.kind === 'fixed' ? '' : '~'}${Math.round(meanTokens(length))}`
  const marks = [raw.prefix && 'prefix', raw.dataset && 'dataset', raw.conversation && 'conversation'].filter(Boolean)
  return [`${text(isl)}/${text(osl)}`, ...marks].join(' ')
}
