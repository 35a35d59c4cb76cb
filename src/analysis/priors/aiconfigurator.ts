import { CsvError, parse } from 'csv-parse/sync'
import { FulcrumError } from '../../model/index.ts'
import type { Prior } from './prior.ts'

/**
 * Reads a `pareto.csv` or `best_config_topn.csv` written by `aiconfigurator cli default --save-dir` (0.12.0), from its
 * `agg` or `disagg` folder. Each row is one replica: its workers, their parallelism, the concurrency and the predicted
 * figures.
 *
 * @param file name to show in messages
 * @throws FulcrumError bad-input `prior-file-invalid` with file:line:column
 */
export function aiconfiguratorPriors(text: string, file: string): readonly Prior[] {
  const [header, ...rows] = rowsOf(text, file)
  const columns = header?.record ?? []
  const missing = needed(columns).find(name => !columns.includes(name))
  if (missing !== undefined) throw invalid(file, 1, 1, `missing column ${JSON.stringify(missing)}`)
  return rows.map(({ record, info }) => priorOf(record, { columns, file, line: info.lines }))
}

interface Row {
  readonly record: readonly string[]
  readonly info: { readonly lines: number }
}

function rowsOf(text: string, file: string): readonly Row[] {
  try {
    const rows: unknown = parse(text, { bom: true, info: true, relax_column_count: true, skip_empty_lines: true })
    return rows as readonly Row[]
  } catch (error) {
    if (error instanceof CsvError) throw invalid(file, Number(error.lines ?? 1), 1, error.message)
    throw error
  }
}

interface CsvLine {
  readonly columns: readonly string[]
  readonly file: string
  readonly line: number
}

const shared = ['isl', 'osl', 'concurrency', 'ttft', 'tpot', 'tokens/s/gpu', 'tokens/s/user', 'num_total_gpus']
const isDisaggregated = (columns: readonly string[]) => columns.includes('(p)workers')

function needed(columns: readonly string[]): readonly string[] {
  const roles = ['(p)', '(d)'].flatMap(role => [`${role}workers`, `${role}tp`, `${role}pp`, `${role}dp`])
  return [...shared, ...(isDisaggregated(columns) ? roles : ['tp', 'pp', 'dp'])]
}

function priorOf(cells: readonly string[], place: CsvLine): Prior {
  const number = (name: string) => {
    const at = place.columns.indexOf(name)
    const cell = cells[at] ?? ''
    const value = cell.trim() === '' ? Number.NaN : Number(cell)
    if (Number.isFinite(value) && value >= 0) return value
    const column = cells.slice(0, at).reduce((sum, before) => sum + before.length + 1, 1)
    throw invalid(place.file, place.line, column, `${name} is ${JSON.stringify(cell)}, no number from 0`)
  }
  // Parallelism of attention: tensor × pipeline × data. Experts share these GPUs.
  const workerGpus = (role: string) => number(`${role}tp`) * number(`${role}pp`) * number(`${role}dp`)
  const told = {
    isl: number('isl'),
    osl: number('osl'),
    load: { kind: 'concurrency' as const, value: number('concurrency') },
    tokensPerSPerGpu: number('tokens/s/gpu'),
    tokensPerSPerUser: number('tokens/s/user'),
    ttftMs: number('ttft'),
    itlMs: number('tpot'),
    source: `aiconfigurator (${place.file})`,
  }
  if (!isDisaggregated(place.columns)) {
    const gpus = workerGpus('')
    return { ...told, topology: { kind: 'aggregated', workers: 1 }, gpus, gpusPerDecodeWorker: gpus, prefillGpus: 0 }
  }
  const [prefill, decode] = [number('(p)workers'), number('(d)workers')]
  return {
    ...told,
    topology: { kind: 'disaggregated', prefill, decode },
    gpus: number('num_total_gpus'),
    gpusPerDecodeWorker: workerGpus('(d)'),
    prefillGpus: prefill * workerGpus('(p)'),
  }
}

function invalid(file: string, line: number, column: number, wrong: string): FulcrumError {
  return new FulcrumError('bad-input', 'prior-file-invalid', `${file}:${line}:${column}: ${wrong}`, {
    remedy: 'Give the folder that `aiconfigurator cli default --save-dir` wrote (0.12), or leave it out.',
  })
}
