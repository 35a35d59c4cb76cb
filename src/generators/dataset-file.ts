import type { Api } from '../model/index.ts'
import { FulcrumError } from '../model/index.ts'
import { type DatasetEntry, type RowKind, readRow } from './dataset-row.ts'
import { faultIn, lineError } from './json-lines.ts'
import { type JsonForm, type JsonText, openJson } from './json-stream.ts'

/** Rows of a dataset that can't be sent. */
export interface OddRows {
  readonly count: number
  /** Position of the first one as `file:line:column`, and its problem. */
  readonly where: string
  readonly why: string
}

/** A dataset file, read to its end. */
export interface DatasetFile {
  readonly form: JsonForm
  /** Number of rows that can be sent, by format. */
  readonly kinds: ReadonlyMap<RowKind, number>
  /** Rows that can be sent. */
  readonly rows: number
  /** Null if every row can be sent. */
  readonly odd: OddRows | null
  /** Hash of the file's content, hex. */
  readonly sha256: string
  /** The first rows that can be sent, in file order. */
  readonly entries: readonly DatasetEntry[]
}

/** A dataset whose first rows were counted with the model's tokenizer. */
export interface MeasuredDataset extends DatasetFile {
  /** Tokens of each entry's prompt, template included. */
  readonly inputTokens: readonly number[]
  /** Tokens of each entry's recorded answer; 0 without one. */
  readonly answerTokens: readonly number[]
}

/** Remedy for a row that can't be sent. */
const rowRemedy =
  'write {"prompt": "…"}, {"messages": [{"role": "user", "content": "…"}]} or ShareGPT\'s {"conversations": [{"from": "human", "value": "…"}]}'

/**
 * Reads a dataset: JSON lines, a JSON array, or inputs of genai-perf and AIPerf, with rows as in {@link readRow}. Rows
 * that can't be sent are counted and skipped. Keeps the first `most` rows in memory.
 * @throws FulcrumError bad-input `data-file-unreadable`; `data-line-invalid` with file:line:column of the first bad row
 *   if half of the rows or more are bad, or there is no row
 */
export async function readDatasetFile(
  file: string,
  { most, api, signal }: { readonly most: number; readonly api: Api; readonly signal: AbortSignal },
): Promise<DatasetFile> {
  const { form, texts, sha256 } = await openJson(file, signal)
  const entries: DatasetEntry[] = []
  const kinds = new Map<RowKind, number>()
  let rows = 0
  let odd: OddRows | null = null
  let oddCount = 0
  const passOver = (why: string, at: { readonly line: number; readonly column: number }) => {
    oddCount++
    odd ??= { count: 0, where: `${file}:${at.line}:${at.column}`, why }
  }
  for await (const text of texts) {
    if (text.flaw !== undefined) {
      passOver(text.flaw, text)
      continue
    }
    const parsed = parse(text.text)
    if ('fault' in parsed) {
      // Determines only the first position, because that takes a while.
      if (odd === null) passOver(`no JSON: ${parsed.fault}`, placeIn(text, faultIn(text.text.trimEnd())))
      else passOver('', text)
      continue
    }
    for (const row of readRow(parsed.value, api)) {
      if ('why' in row) {
        const index = odd !== null || row.key === undefined ? -1 : text.text.indexOf(`"${row.key}"`)
        passOver(row.why, index < 0 ? text : placeIn(text, index))
        continue
      }
      rows++
      kinds.set(row.kind, (kinds.get(row.kind) ?? 0) + 1)
      if (entries.length < most) entries.push({ line: text.line, ...row.entry })
    }
  }
  if (rows + oddCount === 0) throw lineError(file, 1, 1, 'the dataset is empty', 'write one request per line')
  const found = { form, kinds, rows, sha256: sha256(), entries, odd: withCount(odd, oddCount) }
  refuseOdd(found.odd, rows)
  return found
}

const withCount = (odd: OddRows | null, count: number): OddRows | null => (odd === null ? null : { ...odd, count })

/** @throws FulcrumError bad-input `data-line-invalid` if at least as many rows are odd as can be sent */
export function refuseOdd(odd: OddRows | null, sound: number): void {
  if (odd === null || odd.count < sound) return
  const all = odd.count + sound
  const share = all === 1 ? '' : ` (${odd.count} of ${all} rows cannot be sent; this is the first)`
  throw new FulcrumError('bad-input', 'data-line-invalid', `${odd.where}: ${odd.why}${share}; ${rowRemedy}`, {
    where: odd.where,
    remedy: rowRemedy,
  })
}

function parse(text: string): { readonly value: unknown } | { readonly fault: string } {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return {
      fault: message.replace(/ (in JSON )?at position.*$/s, '').replace(/, (\.\.\.)?".*is not valid JSON$/s, ''),
    }
  }
}

/** Line and column of a character of a text. */
function placeIn({ text, line, column }: JsonText, index: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, index)
  const breaks = before.split('\n').length - 1
  return breaks === 0
    ? { line, column: column + index }
    : { line: line + breaks, column: index - before.lastIndexOf('\n') }
}
