import {
  type Api,
  canonicalJson,
  defined,
  generates,
  type Length,
  meanTokens,
  type Workload,
} from '../../model/index.ts'
import { type Path, pathText } from '../../yaml/problem.ts'
import { existing, lookUp, type SectionContext, seconds } from '../../yaml/section-context.ts'
import { cross } from '../axes/axis.ts'
import { workloadAxes } from '../axes/index.ts'
import type { WorkloadDraft } from '../axes/workload-draft.ts'
import { lengthHint, type RawLength, type RawWorkload, type RawWorkloads } from '../schema/workloads.ts'

/** A workload, and the path of its entry in the file. */
export interface PlacedWorkload {
  readonly workload: Workload
  readonly path: Path
}

/**
 * Reads workloads in file order and names them. An entry with axes becomes one workload for each combination.
 * @param axes default: those of the registry
 * @param api API that the load calls
 */
export function readWorkloads(
  raw: RawWorkloads,
  context: SectionContext,
  axes = workloadAxes,
  api: Api = 'chat',
): readonly PlacedWorkload[] {
  const entries = Array.isArray(raw) ? raw : [raw]
  const workloads: PlacedWorkload[] = []
  const seen = new Map<string, string>()
  const names = new Set<string>()
  for (const [index, entry] of entries.entries()) {
    const path: Path = Array.isArray(raw) ? ['workloads', index] : ['workloads']
    const drafts = typeof entry === 'string' ? [entry] : cross(axes, { entry, marks: [] })
    for (const draft of drafts) add(readWorkload(draft, path, context, api), path)
  }
  return workloads

  function add(workload: Workload, path: Path): void {
    const { name } = workload
    const content = contentOf(workload)
    const same = seen.get(content)
    if (same !== undefined) {
      context.report(
        path,
        `${pathText(path)} repeats the workload ${JSON.stringify(same)}`,
        'remove it, or write repeats: … to measure each point several times',
      )
    } else if (names.has(name)) {
      context.report(path, `two workloads have the name ${JSON.stringify(name)}`, 'write a different name for each')
    }
    seen.set(content, name)
    names.add(name)
    workloads.push({ workload, path })
  }
}

/**
 * Everything that determines the prompts, as text: without the name, and with the content of a dataset instead of its
 * path.
 */
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

function readWorkload(draft: string | WorkloadDraft, path: Path, context: SectionContext, api: Api): Workload {
  if (typeof draft === 'string') {
    const [isl = 0, osl = 0] = draft.split('/').map(Number)
    if (!generates(api)) reportOsl(osl, path, context)
    if (!(isl >= 1 && (osl >= 1 || !generates(api))))
      context.report(path, `${JSON.stringify(draft)} has a length of 0`, 'write lengths of at least one token')
    return { name: draft, isl: { kind: 'fixed', tokens: isl }, osl: { kind: 'fixed', tokens: osl } }
  }
  const { entry: raw, marks } = draft
  const isl = readLength(raw.isl, [...path, 'isl'], context)
  const osl = readOsl(raw.osl, path, context, api)
  const { dataset, conversation } = raw
  const prefix = raw.prefix && { ...raw.prefix, share: [raw.prefix.share].flat()[0] ?? 0 }
  if (conversation !== undefined && dataset !== undefined) {
    context.report(
      [...path, 'conversation'],
      'conversation and dataset cannot be combined',
      'remove one of them: a dataset has its own turns',
    )
  }
  if (prefix !== undefined && dataset !== undefined) {
    context.report(
      [...path, 'prefix'],
      'prefix and dataset cannot be combined',
      'remove one of them: a dataset has its own prefixes',
    )
  }
  return {
    name: raw.name === undefined ? workloadName(isl, osl, raw, marks) : [raw.name, ...marks].join(' '),
    isl,
    osl,
    ...defined({ prefix }),
    ...(dataset === undefined ? {} : readDataset(dataset, [...path, 'dataset'], context)),
    ...(conversation === undefined
      ? {}
      : { conversation: { turns: conversation.turns, ...thinkOf(conversation.think) } }),
  }
}

/** Output length for APIs that generate nothing. */
const noTokens: Length = { kind: 'fixed', tokens: 0 }

function readOsl(raw: RawLength | undefined, path: Path, context: SectionContext, api: Api): Length {
  if (!generates(api)) {
    if (raw !== undefined) reportOsl(1, [...path, 'osl'], context)
    return noTokens
  }
  if (raw !== undefined) return readLength(raw, [...path, 'osl'], context)
  context.report([...path, 'osl'], `${pathText([...path, 'osl'])} is missing`, lengthHint)
  return noTokens
}

function reportOsl(tokens: number, path: Path, context: SectionContext): void {
  if (tokens === 0) return
  context.report(path, 'the embeddings API generates no output tokens', 'write 512/0 or { isl: 512 }, or api: chat')
}

function thinkOf(think: NonNullable<Exclude<RawWorkload, string>['conversation']>['think']) {
  return typeof think === 'object'
    ? { thinkMs: 1000 * seconds(think.exponential), thinkSpread: 'exponential' as const }
    : { thinkMs: 1000 * seconds(think) }
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
  { prefix, dataset, conversation }: RawWorkload,
  marks: readonly string[],
): string {
  const text = (length: Length) => `${length.kind === 'fixed' ? '' : '~'}${Math.round(meanTokens(length))}`
  const isSaid = marks.some(mark => mark.startsWith('prefix'))
  const kinds = [prefix && !isSaid && 'prefix', ...marks, dataset && 'dataset', conversation && 'conversation']
  return [`${text(isl)}/${text(osl)}`, ...kinds.filter(Boolean)].join(' ')
}
