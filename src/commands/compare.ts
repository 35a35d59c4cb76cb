import { join, resolve } from 'node:path'
import { compareRuns } from '../analysis/compare/compare.ts'
import { parseThreshold } from '../analysis/compare/threshold.ts'
import { parseGate } from '../analysis/gates/gate.ts'
import { gateText } from '../analysis/gates/outcome.ts'
import { readRun } from '../journal/index.ts'
import { githubAnnotations } from '../render/export/comparison-annotations.ts'
import { comparisonJson } from '../render/export/comparison-json.ts'
import { comparisonMarkdown } from '../render/markdown/comparison.ts'
import { type ComparisonView, changeTable } from '../render/views/comparison-table.ts'
import { gateBroken, noiseSentence, verdictSentence } from '../render/views/comparison-words.ts'
import { writeComparison } from '../render/write-comparison.ts'
import { resolveBaseline } from './baseline.ts'
import { noiseRuns } from './noise-runs.ts'

export interface CompareRequest {
  /** Folders of runs; `baseline` as base is the baseline of the first head's sweep. */
  readonly base: string
  readonly heads: readonly string[]
  /** `ttft_p95>5%`, `ttft_p95>2000ms`, `slo` */
  readonly failOn: readonly string[]
  /** Points that the base measured and that may lack a valid result in a head; 0 unless told. */
  readonly allowLost?: number
  /** Folder for comparison.html, .md, .json and junit.xml; one below it for each head when there are several. */
  readonly to?: string
}

/** One head against the base; every text is ready to print. */
export interface Compared extends ComparisonView {
  /** A gate failed or was not tested. */
  readonly gateBroken: boolean
  readonly markdown: string
  readonly json: string
  /** Workflow commands for GitHub Actions. */
  readonly annotations: readonly string[]
}

/**
 * Compares runs with a base, point by point.
 * @throws FulcrumError bad-input for a threshold that is none, or a folder without a run
 */
export async function compareRunFolders({
  base,
  heads,
  failOn,
  allowLost = 0,
  to,
}: CompareRequest): Promise<readonly Compared[]> {
  const gates = failOn.map(text => parseGate(text, change => parseThreshold(change)))
  const before = await readRun(await resolveBaseline(base, heads[0] ?? '.'))
  const compared: Compared[] = []
  for (const [index, head] of heads.entries()) {
    const after = await readRun(resolve(head))
    const comparison = compareRuns(before, after, gates, await noiseRuns(before, after), { lost: allowLost })
    const folder =
      to === undefined
        ? null
        : heads.length === 1
          ? resolve(to)
          : join(resolve(to), `${index + 1}-${after.manifest.runId}`)
    compared.push({
      head,
      verdict: verdictSentence(comparison),
      noise: noiseSentence(comparison),
      conditions: comparison.differences
        .filter(difference => difference.kind === 'conditions')
        .map(difference => `${difference.what}: ${difference.base} → ${difference.head}`),
      gates: comparison.gates.map(gateText),
      gateBroken: gateBroken(comparison),
      changes: changeTable(comparison),
      onlyBase: comparison.onlyBase.length,
      onlyHead: comparison.onlyHead.length,
      markdown: comparisonMarkdown(comparison),
      json: comparisonJson(comparison),
      annotations: githubAnnotations(comparison),
      files: folder === null ? [] : (await writeComparison(comparison, folder)).files,
    })
  }
  return compared
}
