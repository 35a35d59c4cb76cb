import { join, resolve } from 'node:path'
import { compareRuns } from '../analysis/compare/compare.ts'
import type { Comparison } from '../analysis/compare/comparison.ts'
import { parseComparisonGate } from '../analysis/compare/quality-gate.ts'
import { gateText } from '../analysis/gates/outcome.ts'
import { readRun } from '../journal/index.ts'
import type { Run } from '../journal/run.ts'
import { githubAnnotations } from '../render/export/comparison-annotations.ts'
import { comparisonJson } from '../render/export/comparison-json.ts'
import { headsSection } from '../render/html/sections/heads.ts'
import { comparisonMarkdown } from '../render/markdown/comparison.ts'
import { type ComparisonView, changeTable } from '../render/views/comparison-table.ts'
import { gateBroken, noiseSentence, verdictSentence } from '../render/views/comparison-words.ts'
import { qualityRows } from '../render/views/quality.ts'
import { writeComparison } from '../render/write-comparison.ts'
import { writeOverlay } from '../render/write-overlay.ts'
import { resolveBaseline } from './baseline.ts'
import { runFolder } from './find-run.ts'
import { noiseRuns } from './noise-runs.ts'
import { layOver } from './overlay.ts'

/** Request of `fulcrum compare`. */
export interface CompareRequest {
  /** Folders of runs. `baseline` as base means the baseline of the first head's sweep. */
  readonly base: string
  readonly heads: readonly string[]
  /** Folder with the runs that are named by ID alone. Default: `results`. */
  readonly resultsRoot?: string
  /** `ttft_p95>5%`, `ttft_p95>2000ms`, `slo` */
  readonly failOn: readonly string[]
  /** Number of points with a valid result in the base that may lack one in a head. Default: 0. */
  readonly allowLost?: number
  /**
   * Folder for comparison.html, .md, .json and junit.xml. With several heads, comparison.html shows them all, and each
   * has a folder of its own below.
   */
  readonly to?: string
}

/** A base with each of its heads. */
export interface ComparedHeads {
  readonly heads: readonly Compared[]
  /** The page of all heads together; null without a folder, and for a single head, which has its own page. */
  readonly page: string | null
}

/** One head compared with the base; every text is ready to print. */
export interface Compared extends ComparisonView {
  /** True if a gate failed or was not tested. */
  readonly gateBroken: boolean
  readonly markdown: string
  readonly json: string
  /** Workflow commands for GitHub Actions. */
  readonly annotations: readonly string[]
}

/**
 * Compares runs with a base, point by point.
 * @throws FulcrumError (bad-input) for an invalid threshold, or a folder without a run
 */
export async function compareRunFolders({
  base,
  heads: named,
  resultsRoot = 'results',
  failOn,
  allowLost = 0,
  to,
}: CompareRequest): Promise<ComparedHeads> {
  const gates = failOn.map(text => parseComparisonGate(text))
  const heads = await Promise.all(named.map(head => runFolder(head, resultsRoot)))
  const before = await readRun(await resolveBaseline(base, heads[0] ?? '.', resultsRoot))
  const compared: Compared[] = []
  const ofHeads: { readonly comparison: Comparison; readonly link: string | null }[] = []
  for (const [index, head] of heads.entries()) {
    const after = await readRun(head)
    const comparison = compareRuns(before, after, gates, await noiseRuns(before, after), { lost: allowLost })
    const own = heads.length === 1 ? '' : `${index + 1}-${after.manifest.runId}`
    const folder = to === undefined ? null : join(resolve(to), own)
    ofHeads.push({ comparison, link: folder === null ? null : `${encodeURIComponent(own)}/comparison.html` })
    compared.push({
      head: named[index] ?? head,
      verdict: verdictSentence(comparison),
      noise: noiseSentence(comparison),
      conditions: comparison.differences
        .filter(difference => difference.kind === 'conditions')
        .map(difference => `${difference.what}: ${difference.base} → ${difference.head}`),
      gates: comparison.gates.map(gateText),
      gateBroken: gateBroken(comparison),
      changes: changeTable(comparison),
      quality: qualityRows(comparison.quality),
      onlyBase: comparison.onlyBase.length,
      onlyHead: comparison.onlyHead.length,
      markdown: comparisonMarkdown(comparison),
      json: comparisonJson(comparison),
      annotations: githubAnnotations(comparison),
      files: folder === null ? [] : (await writeComparison(comparison, folder)).files,
    })
  }
  const page = to === undefined || heads.length === 1 ? null : join(resolve(to), 'comparison.html')
  if (page !== null) await writeHeads(before, ofHeads, page)
  return { heads: compared, page }
}

/** One page for all heads: their frontiers over that of the base, and the outcome of each. */
async function writeHeads(
  base: Run,
  heads: readonly { readonly comparison: Comparison; readonly link: string | null }[],
  page: string,
): Promise<void> {
  const overlay = layOver([base, ...heads.map(({ comparison }) => comparison.head)].map(run => ({ run })))
  const labels = overlay.runs.map(({ label }) => label)
  const named = heads.map((head, at) => ({ ...head, label: labels[at + 1] ?? '' }))
  await writeOverlay(overlay, page, {
    title: `${base.manifest.sweep}: ${heads.length} heads against ${labels[0] ?? 'the base'}`,
    kind: 'comparison',
    before: headsSection(labels[0] ?? 'the base', named),
    links: [null, ...heads.map(({ link }) => link)],
  })
}
