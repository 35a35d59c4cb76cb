import { hash } from 'node:crypto'
import type { Findings } from '../../engines/role-settings.ts'
import type { MeasuredDataset, OddRows } from '../../generators/dataset-file.ts'
import { outputTokensOf } from '../../generators/dataset-lengths.ts'
import { type LengthRange, lengthRange } from '../../generators/length-range.ts'
import { serverTokenizer } from '../../model/builtin-tokenizer.ts'
import type { Load, Model, ValidityLimits, Workload } from '../../model/index.ts'
import { FulcrumError, mostWarmup } from '../../model/index.ts'
import type { Path } from '../../yaml/problem.ts'
import { pathText } from '../../yaml/problem.ts'
import type { SectionContext } from '../../yaml/section-context.ts'
import { lookUp } from '../../yaml/section-context.ts'
import type { SweepFiles } from '../sweep-files.ts'
import { amount, lengthDeviations } from './lengths.ts'

/** The content of a workload's dataset, read before anything is deployed. */
export interface DatasetFacts {
  readonly workload: string
  /** Absolute path. */
  readonly file: string
  readonly sha256: string
  /** `JSON lines of prompts`, `a JSON array of ShareGPT conversations`, … */
  readonly format: string
  /** Usable rows. */
  readonly rows: number
  /** Rows that are skipped; null without any. */
  readonly odd: OddRows | null
  /** Number of rows, counted from the first, that a point can send. Lengths are those of these rows. */
  readonly counted: number
  /** Number of these rows whose prompt is that of an earlier row. */
  readonly repeated: number
  readonly isl: LengthRange
  readonly osl: LengthRange
  /** Present if rows have images. Lengths then count only the text. */
  readonly images?: true
  /** Row with the most tokens, and its line in the file. */
  readonly longest: { readonly isl: number; readonly osl: number; readonly line: number }
}

const forms = {
  lines: 'JSON lines of',
  array: 'a JSON array of',
  data: 'a JSON object with data:',
  values: 'JSON objects of',
} as const

/** Parts of the sweep that datasets are checked against. */
interface DatasetCheck {
  readonly model: Model
  readonly workloads: readonly Workload[]
  readonly loads: readonly Load[]
  readonly limits: Pick<ValidityLimits, 'islDeviation' | 'oslDeviation'>
  /** Path of a workload in the sweep file. */
  pathOf(index: number): Path
}

/**
 * Reads every dataset of the sweep and counts the tokens of the rows that points would send, before anything is
 * deployed. Rejects unusable datasets and warns about those whose lengths differ from the sweep file.
 */
export async function checkDatasets(
  { model, workloads, loads, limits, pathOf }: DatasetCheck,
  context: SectionContext & { readonly files: SweepFiles },
  { refuse, warn }: Findings,
): Promise<readonly DatasetFacts[]> {
  const read = context.files.dataset
  const facts: DatasetFacts[] = []
  if (read === undefined || loads.length === 0) return facts
  for (const [index, workload] of workloads.entries()) {
    const { datasetFile: file } = workload
    if (file === undefined || lookUp(context, file) !== 'file') continue
    const path = [...pathOf(index), 'dataset']
    const place = { kind: 'sweep', path } as const
    const most = loads.reduce((sum, load) => Math.max(sum, load.dataset), 1)
    const api = loads[0]?.api ?? 'chat'
    if (model.tokenizer === serverTokenizer) {
      refuse(
        place,
        `${pathText(path)}: the prompts of a dataset are counted before the server runs, which tokenizer: server cannot do`,
        'write the folder of a tokenizer as model.tokenizer',
      )
      continue
    }
    try {
      const dataset = await read(file, { tokenizer: model.tokenizer, api, most })
      const found = factsOf(workload, file, dataset, loads[0]?.seed ?? 0, most)
      facts.push(found)
      warnOf(found, workload, loads, limits, (key, wrong, right) =>
        warn({ kind: 'sweep', path: [...pathOf(index), key] }, wrong, right),
      )
    } catch (error) {
      if (!(error instanceof FulcrumError)) throw error
      const remedy = error.remedy ?? ''
      const message =
        remedy !== '' && error.message.endsWith(`; ${remedy}`)
          ? error.message.slice(0, -remedy.length - 2)
          : error.message
      refuse(place, `${pathText(path)}: ${message}`, remedy)
    }
  }
  return facts
}

function factsOf(workload: Workload, file: string, dataset: MeasuredDataset, seed: number, most: number): DatasetFacts {
  const counted = Math.min(most, dataset.entries.length)
  const asked = outputTokensOf(dataset, counted, workload, seed)
  let longest = { isl: 0, osl: 0, line: 0 }
  for (let row = 0; row < counted; row++) {
    const [isl = 0, osl = 0] = [dataset.inputTokens[row], asked[row]]
    if (isl + osl > longest.isl + longest.osl) longest = { isl, osl, line: dataset.entries[row]?.line ?? 0 }
  }
  return {
    workload: workload.name,
    file,
    sha256: dataset.sha256,
    format: `${forms[dataset.form]} ${[...dataset.kinds.keys()].join(' and ')}`,
    rows: dataset.rows,
    odd: dataset.odd,
    counted,
    repeated: repeatedIn(dataset.entries.slice(0, counted)),
    isl: lengthRange(dataset.inputTokens.slice(0, counted)),
    osl: lengthRange(asked),
    ...(dataset.entries.slice(0, counted).some(({ parts }) => parts !== undefined) ? { images: true as const } : {}),
    longest,
  }
}

function repeatedIn(entries: MeasuredDataset['entries']): number {
  const prompts = entries.map(({ messages, parts }) => hash('sha1', JSON.stringify(parts ?? messages), 'base64'))
  return entries.length - new Set(prompts).size
}

function warnOf(
  facts: DatasetFacts,
  workload: Workload,
  loads: readonly Load[],
  limits: Pick<ValidityLimits, 'islDeviation' | 'oslDeviation'>,
  warn: (key: string, wrong: string, right: string) => void,
): void {
  const { rows, odd, counted, repeated } = facts
  if (odd !== null) {
    warn(
      'dataset',
      `${amount(odd.count)} of ${amount(odd.count + rows)} rows of the dataset cannot be used and are skipped; the first is ${odd.where}: ${odd.why}`,
      'correct or remove them',
    )
  }
  const requests = loads.reduce((most, load) => Math.max(most, mostWarmup(load) + (load.requests ?? load.dataset)), 0)
  if (rows < requests) {
    const different = counted - repeated
    const distinct = repeated === 0 ? '' : ` with ${amount(different)} different prompt${different === 1 ? '' : 's'}`
    warn(
      'dataset',
      `the dataset has ${amount(rows)} row${rows === 1 ? '' : 's'}${distinct}, but a point sends up to ${amount(requests)} requests: prompts repeat, and a prefix cache makes them faster`,
      'add rows, or send fewer requests (load.requests, load.warmup)',
    )
  } else if (repeated > 0 && workload.conversation === undefined) {
    warn(
      'dataset',
      `${amount(repeated)} of the ${amount(counted)} rows that a point sends repeat an earlier prompt, and a prefix cache makes them faster`,
      'remove repeated rows, or use another dataset',
    )
  }
  for (const { key, wrong, right } of lengthDeviations(workload, facts, limits, 'dataset')) {
    // Only the server knows how many tokens an image has.
    if (key === 'isl' && facts.images) continue
    warn(key, wrong, `${right}, or use another dataset`)
  }
}
