/**
 * Whether a measurement that stops by what it has seen tells the truth as often as it claims, and what it saves.
 *
 *   node bench/stopping.ts [runs] [others|saved] [part of a name]     prints the tables of docs/bench/stopping.md (default 1000 runs a row);
 *     `others`: of open loops, conversations and shards alone; `saved`: what it saves there
 */

import type { FigureAtLook } from '../src/metrics/measurement.ts'
import { normalProbability, normalQuantile } from '../src/metrics/statistics/normal.ts'
import { errorPerLook, pocockSpending, type Spending } from '../src/metrics/stopping/boundaries.ts'
import { percentileBounds } from '../src/metrics/stopping/intervals.ts'
import { figuresAtLook, isSettled, looksOf } from '../src/metrics/stopping/rule.ts'
import { sampleOf } from '../src/metrics/stopping/sample.ts'
import type { Slo } from '../src/model/index.ts'
import { type OtherLoad, otherLoads } from './stopping/other-loads.ts'
import { engineSources, type Source, syntheticSources, type Truth, warmUpRounds } from './stopping/sources.ts'

const runs = Number(process.argv[2] ?? 1000)
const precision = 0.05
/** Relative to the truth; the histogram of a measurement is no finer either. */
const resolution = 0.001

/** The defaults of `requests: auto`. */
const [minRounds, maxRounds] = [10, 100]
/** Limits over what is true. The nearer, the longer it takes to be sure. */
const factors = [0.5, 0.8, 0.95, 1.05, 1.25, 2]

interface Stopped {
  readonly requests: number
  readonly figures: readonly FigureAtLook[]
}

/** Looks at each run of a source until the rule is settled; `levels` may replace the confidence of looks. */
function stop(source: Source, slo: Slo, seed: string, confidenceAt?: number): Stopped {
  const round = source.concurrency
  const max = maxRounds * round
  const before = warmUpRounds * round
  const looks = looksOf({ min: minRounds * round, max })
  let records = source.run(before + (looks[2]?.requests ?? max) + 2 * round, seed)
  let figures: readonly FigureAtLook[] = []
  for (const [index, { requests, confidence }] of looks.entries()) {
    // Most stop early: what they would not have sent is not made.
    if (index === 3) records = source.run(before + max + 2 * round, seed)
    const sample = sampleOf(records, { before, count: requests, round, from: 'sent' })
    figures = figuresAtLook(sample, { slo, round }, precision, confidenceAt ?? confidence)
    if (isSettled(figures)) return { requests, figures }
  }
  return { requests: max, figures }
}

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')
const percent = (share: number) => `${(100 * share).toFixed(1)}%`
const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

const names = ['ttft_p95_ms', 'itl_p95_ms', 'output_tokens_per_s_per_user', 'output_tokens_per_s'] as const

function holds({ figure, low, high, estimate }: FigureAtLook, truth: Truth): boolean | null {
  if (estimate === null) return null
  const of = truth[figure as keyof Truth]
  return (
    (low ?? Number.NEGATIVE_INFINITY) <= of * (1 + resolution) &&
    of * (1 - resolution) <= (high ?? Number.POSITIVE_INFINITY)
  )
}

/** What one run came to. */
interface Ended {
  readonly figures: readonly FigureAtLook[]
  readonly requests: number
}

/** A row of coverage: of each figure's interval when the rule has stopped, wrong verdicts, requests. */
function coverageRow(
  name: string,
  truth: Truth,
  stopAt: (slo: Slo, seed: string) => Ended,
  shownRequests: (mean: number) => string,
): readonly string[] {
  const held: Record<string, [held: number, given: number]> = {}
  const requests: number[] = []
  let [verdicts, wrong, open] = [0, 0, 0]
  for (let run = 0; run < runs; run++) {
    const factor = factors[run % factors.length] ?? 1
    const slo = { ttftP95Ms: truth.ttft_p95_ms * factor, itlP95Ms: truth.itl_p95_ms / factor }
    const stopped = stopAt(slo, `${name}/${run}`)
    requests.push(stopped.requests)
    if (!isSettled(stopped.figures)) open += 1
    for (const figure of stopped.figures) {
      const held1 = holds(figure, truth)
      const count = held[figure.figure] ?? [0, 0]
      held[figure.figure] = count
      if (held1 !== null) count[1] += 1
      if (held1 === true) count[0] += 1
      if (figure.limitMs === undefined || (figure.state !== 'met' && figure.state !== 'missed')) continue
      verdicts += 1
      const isMet = truth[figure.figure as keyof Truth] <= figure.limitMs
      if (isMet !== (figure.state === 'met')) wrong += 1
    }
  }
  const shown = ([kept, given]: [number, number]) => {
    if (given === 0) return 'withheld'
    const text = percent(kept / given)
    return kept / given < 0.93 ? `**${text}**` : text
  }
  return [
    name,
    ...names.map(figure => shown(held[figure] ?? [0, 0])),
    verdicts === 0 ? '–' : `${percent(wrong / verdicts)} of ${verdicts}`,
    shownRequests(meanOf(requests)),
    percent(open / runs),
  ]
}

const coverageHead = ['load', 'TTFT p95', 'ITL p95', 'tokens/s/user', 'tokens/s', 'wrong verdicts', 'requests']

function coverage(sources: readonly Source[]): string {
  const rows = sources.map(source =>
    coverageRow(
      source.name,
      source.truth,
      (slo, seed) => stop(source, slo, seed),
      mean => `${(mean / source.concurrency).toFixed(1)}x`,
    ),
  )
  return table([...coverageHead, 'ended at max'], rows)
}

/** The same of open loops, conversations and shards. */
function coverageOfOthers(loads: readonly OtherLoad[]): string {
  const rows = loads.map(load =>
    coverageRow(load.name, load.truth, load.stop, mean => `${mean.toFixed(0)} of ${load.most}`),
  )
  return table([...coverageHead, 'ended at max'], rows)
}

/** Looks in information time, of the default rule. */
const information = looksOf({ min: minRounds * 64, max: maxRounds * 64 }).map(look => look.requests / (maxRounds * 64))

/** O'Brien and Fleming's boundary as a spending function, two-sided. */
const obrienFlemingSpending =
  (alpha: number): Spending =>
  share =>
    (4 * (1 - normalProbability(normalQuantile(1 - alpha / 4) / Math.sqrt(share)))) / alpha

/**
 * Robbins' normal mixture: a confidence sequence holds at every request, not at a few looks. Tuned to be narrowest over
 * these looks.
 */
function confidenceSequence(alpha: number): readonly number[] {
  const errors = (tuning: number) =>
    information.map(share => {
      const scaled = share * tuning
      const z = Math.sqrt((1 + 1 / scaled) * Math.log((1 + scaled) / alpha ** 2))
      return 2 * (1 - normalProbability(z))
    })
  const candidates = Array.from({ length: 60 }, (_, i) => errors(1.15 ** i))
  return candidates.reduce((best, each) => (meanOf(each.map(Math.log)) > meanOf(best.map(Math.log)) ? each : best))
}

const methods: readonly (readonly [name: string, errors: readonly number[]])[] = [
  ['95% at every look, uncorrected', information.map(() => 0.05)],
  ["alpha spending, Pocock's", errorPerLook(information, 0.05, pocockSpending)],
  ["alpha spending, O'Brien and Fleming's", errorPerLook(information, 0.05, obrienFlemingSpending(0.05))],
  ['Bonferroni over the looks', information.map(() => 0.05 / information.length)],
  ['confidence sequence (normal mixture)', confidenceSequence(0.05)],
]

/** What ways to correct for looking do to one figure: TTFT p95 against limits near and far. */
function corrections(sources: readonly Source[]): string {
  const rows = sources.flatMap(source => {
    const round = source.concurrency
    const [before, max] = [warmUpRounds * round, maxRounds * round]
    const looks = looksOf({ min: minRounds * round, max })
    const tally = methods.map(() => ({ ever: 0, wrong: 0, requests: 0, runs: 0 }))
    for (let run = 0; run < runs; run++) {
      const records = source.run(before + max, `${source.name}/${run}`)
      const samples = looks.map(look => sampleOf(records, { before, count: look.requests, round, from: 'sent' }).ttftMs)
      for (const [method, [, errors]] of methods.entries()) {
        const sum = tally[method]
        if (sum === undefined) continue
        const truth = source.truth.ttft_p95_ms
        const bounds = samples.map((values, look) =>
          percentileBounds(values, 95, { round, confidence: 1 - (errors[look] ?? 0), blur: precision / 2 }),
        )
        if (bounds.some(each => each !== null && (each.low > truth || each.high < truth))) sum.ever += 1
        for (const factor of factors) {
          const limit = truth * factor
          const at = bounds.findIndex(each => each !== null && (each.high <= limit || each.low > limit))
          sum.runs += 1
          sum.requests += (looks[at]?.requests ?? max) / round
          if (at >= 0 && (bounds[at]?.high ?? 0) <= limit !== factor > 1) sum.wrong += 1
        }
      }
    }
    return methods.map(([name], method) => {
      const { ever = 0, wrong = 0, requests = 0, runs: verdicts = 1 } = tally[method] ?? {}
      return [
        source.name,
        name,
        percent(1 - ever / runs),
        percent(wrong / verdicts),
        `${(requests / verdicts).toFixed(1)}x`,
      ]
    })
  })
  return table(['load', 'looks corrected by', 'all looks hold', 'wrong verdicts', 'requests to the verdict'], rows)
}

/** The fixed number of requests that settles as many points as the rule does, by intervals that are looked at once. */
function saved(sources: readonly Source[]): string {
  const rows = sources.map(source => {
    const round = source.concurrency
    const [before, max] = [warmUpRounds * round, maxRounds * round]
    const looks = looksOf({ min: minRounds * round, max })
    const settledAt = looks.map(() => 0)
    let [settled, requests] = [0, 0]
    const points = Math.ceil(runs / 5)
    for (let run = 0; run < points; run++) {
      const factor = factors[run % factors.length] ?? 1
      const slo = { ttftP95Ms: source.truth.ttft_p95_ms * factor, itlP95Ms: source.truth.itl_p95_ms / factor }
      const stopped = stop(source, slo, `${source.name}/${run}`)
      requests += stopped.requests
      settled += isSettled(stopped.figures) ? 1 : 0
      const records = source.run(before + max, `${source.name}/${run}`)
      for (const [index, look] of looks.entries()) {
        const sample = sampleOf(records, { before, count: look.requests, round, from: 'sent' })
        if (isSettled(figuresAtLook(sample, { slo, round }, precision, 0.95)))
          settledAt[index] = (settledAt[index] ?? 0) + 1
      }
    }
    const found = settledAt.findIndex(count => count >= settled)
    const fixedCount = looks[found]?.requests ?? max
    const mean = requests / points
    return [
      source.name,
      percent(settled / points),
      `${(mean / round).toFixed(1)}x`,
      `${(fixedCount / round).toFixed(0)}x`,
      percent(1 - mean / fixedCount),
    ]
  })
  return table(['load', 'settled', 'requests: auto', 'fixed, as many settled', 'saved'], rows)
}

/** The same for loads that are not closed loops of single requests. */
function savedOfOthers(loads: readonly OtherLoad[]): string {
  const rows = loads.map(load => {
    const points = Math.ceil(runs / 5)
    let [settled, requests] = [0, 0]
    const settledAt = new Map<number, number>()
    for (let run = 0; run < points; run++) {
      const factor = factors[run % factors.length] ?? 1
      const slo = { ttftP95Ms: load.truth.ttft_p95_ms * factor, itlP95Ms: load.truth.itl_p95_ms / factor }
      const seed = `${load.name}/${run}`
      const stopped = load.stop(slo, seed)
      requests += stopped.requests
      settled += isSettled(stopped.figures) ? 1 : 0
      for (const look of load.fixed(slo, seed))
        settledAt.set(look.requests, (settledAt.get(look.requests) ?? 0) + (look.isSettled ? 1 : 0))
    }
    const fixedCount = [...settledAt].find(([, count]) => count >= settled)?.[0]
    const mean = requests / points
    const told = [load.name, percent(settled / points), mean.toFixed(0)]
    if (settled === 0) return [...told, '–', '–']
    if (fixedCount === undefined) return [...told, `more than ${load.most}`, `> ${percent(1 - mean / load.most)}`]
    return [...told, `${fixedCount} of ${load.most}`, percent(1 - mean / fixedCount)]
  })
  return table(['load', 'settled', 'requests: auto', 'fixed, as many settled', 'saved'], rows)
}

const only = process.argv[3]
const others = only === undefined || only === 'others'
const part = process.argv[4]
if (others) console.log(`## Open loops, conversations and shards\n\n${coverageOfOthers(otherLoads(part))}\n`)
if (only === 'saved') console.log(`## Requests saved by other loads\n\n${savedOfOthers(otherLoads(part))}\n`)
if (only === undefined) {
  const synthetic = syntheticSources()
  const sources = [...synthetic, ...engineSources()]
  console.log(`## Coverage under stopping\n\n${coverage(sources)}\n`)
  console.log(
    `## Corrections for looking\n\n${corrections(synthetic.filter((_, index) => [1, 2, 5].includes(index)))}\n`,
  )
  console.log(`## Requests saved\n\n${saved(sources)}`)
}
