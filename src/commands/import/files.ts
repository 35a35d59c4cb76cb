import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { parse as parseYaml } from 'yaml'
import { type FoundFile, type ImportFormat, nameOf } from '../../generators/import/format.ts'
import { parsePythonJson } from '../../generators/import/read.ts'
import { FulcrumError } from '../../model/index.ts'

/** A file that was not imported, with the reason. */
export interface SkippedFile {
  readonly file: string
  readonly why: string
}

/** Larger files are records of single requests: no program writes that many figures. */
const mostBytes = 256 * 1024 * 1024
/** Raw records of genai-perf and AIPerf, beside their summaries. */
const neverResults: readonly string[] = ['profile_export.json', 'inputs.json']

/**
 * All files of a folder that can contain results, by their path below it. Adds unreadable ones to `passedOver`.
 * @throws FulcrumError (bad-input, `no-folder`)
 */
export async function filesUnder(folder: string, passedOver: SkippedFile[]): Promise<ReadonlyMap<string, FoundFile>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new FulcrumError('bad-input', 'no-folder', `Cannot read the folder ${folder}.`, { cause })
  })
  const paths = entries
    .filter(({ name }) => /\.json$|^(benchmark_report.*|config)\.ya?ml$/.test(name) && !neverResults.includes(name))
    .filter(entry => entry.isFile())
    .map(entry => relative(folder, join(entry.parentPath, entry.name)))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  const found = new Map<string, FoundFile>()
  for (const path of paths) {
    // AIPerf repeats its summary for each phase, including the warm-up, below the summary of the whole run.
    const phase = /^(.*?)phases\/[^/]+\/([^/]+)$/.exec(path)
    if (phase !== null && paths.includes(`${phase[1]}${phase[2]}`)) continue
    try {
      found.set(path, await parsed(folder, path))
    } catch (error) {
      passedOver.push({ file: path, why: reasonOf(error) })
    }
  }
  return found
}

async function parsed(folder: string, path: string): Promise<FoundFile> {
  const { size, mtime } = await stat(join(folder, path))
  if (size > mostBytes) throw new Error(`it is larger than ${mostBytes / 1024 / 1024} MiB`)
  const text = await readFile(join(folder, path), 'utf8')
  const { value, notNumbers } = path.endsWith('.json')
    ? parsePythonJson(text)
    : { value: parseYaml(text) as unknown, notNumbers: 0 }
  return { path, value, notNumbers, modifiedAt: mtime }
}

/** Whether an aggregate beside the file says the same: `agg_NAME.json` is made from `NAME.json`. */
export function isBehind(
  { path }: FoundFile,
  found: ReadonlyMap<string, FoundFile>,
  formats: readonly ImportFormat[],
): boolean {
  const name = nameOf(path)
  const aggregate = found.get(`${path.slice(0, path.length - name.length)}agg_${name}`)
  return aggregate !== undefined && formats.some(format => format.isOf(aggregate))
}

/** Why a file is not imported, for {@link SkippedFile}. */
export function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return `it is not valid JSON: ${firstLine(error.message)}`
  return error instanceof Error ? firstLine(error.message) : String(error)
}

const firstLine = (message: string): string => message.replace(/\s+/g, ' ').slice(0, 400)
