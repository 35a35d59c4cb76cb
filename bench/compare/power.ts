/**
 * What `fulcrum compare` finds and what it calls by mistake, on simulated runs whose truth is known.
 *
 *   node bench/compare/power.ts [trials] [part of a name]
 *     prints the tables of docs/bench/statistics.md (default 200 comparisons a row)
 */
import { compareRuns, falseDiscoveryRate, gatedShare } from '../../src/analysis/compare/compare.ts'
import { parseThreshold } from '../../src/analysis/compare/threshold.ts'
import { adjustWithinBounds } from '../../src/metrics/statistics/false-discovery.ts'
import { normalProbability } from '../../src/metrics/statistics/normal.ts'
import { createRandom } from '../../src/model/index.ts'
import { type Effect, type MadeNoise, madeRun, points } from '../../test/render/made-runs.ts'

const trials = Number(process.argv[2] ?? 200)
const only = process.argv[3] ?? ''
const asked = (cases: readonly Case[]) => cases.filter(({ name }) => name.includes(only))

interface Case {
  readonly name: string
  readonly noise: MadeNoise
  readonly effect?: Effect
  /** Points with the effect; verdicts elsewhere are wrong. */
  readonly affected?: number
  readonly gates: readonly string[]
  /** Runs of the sweep that are known, the base among them. */
  readonly known?: number
}

/** Shares of comparisons. */
interface Outcome {
  readonly anyVerdict: number
  /** By threshold. */
  readonly broken: readonly number[]
  /** A wrong one among the verdicts: at a point without the effect, or the wrong way. */
  readonly anyWrong: number
}

function outcomeOf({ name, noise, effect, affected = 0, gates, known = 1 }: Case): Outcome {
  const thresholds = gates.map(text => parseThreshold(text))
  let [any, wrong] = [0, 0]
  const broken = thresholds.map(() => 0)
  for (let trial = 0; trial < trials; trial++) {
    const random = createRandom(`${name}/${trial}`)
    const earlier = Array.from({ length: known }, () => madeRun(random, noise))
    const [base, ...others] = earlier
    if (base === undefined) throw new RangeError('a comparison needs a base')
    const comparison = compareRuns(base, madeRun(random, noise, effect), thresholds, others)
    const said = comparison.points.flatMap((point, i) =>
      point.changes.flatMap(({ verdict }) =>
        verdict === 'slower' || verdict === 'faster' ? [verdict === 'slower' && i < affected] : [],
      ),
    )
    if (said.length > 0) any++
    if (said.includes(false)) wrong++
    comparison.gates.forEach(({ outcome }, i) => {
      if (outcome === 'failed') broken[i] = (broken[i] ?? 0) + 1
    })
  }
  return { anyVerdict: any / trials, anyWrong: wrong / trials, broken: broken.map(count => count / trials) }
}

const percent = (share: number | undefined) => (share === undefined ? '–' : `${(share * 100).toFixed(1)}%`)
const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [row(head), row(head.map(() => '---')), ...rows.map(row), ''].join('\n')

const ttft =
  (by: number, at: number): Effect =>
  (point, name) =>
    name.startsWith('ttft') && point < at ? 1 + by : 1
const all =
  (by: number, at: number): Effect =>
  point =>
    point < at ? 1 + by : 1
const gate = ['ttft_p95>5%']
const three = [...gate, 'itl_p95>5%', 'output_tokens_per_s_per_gpu<-3%']

console.log(`${trials} comparisons a row of runs with ${points} points.\n\n## A change is found\n`)
const found: Case[] = []
for (const repeats of [1, 3, 5])
  for (const [by, at] of [
    [0.2, 1],
    [0.1, 4],
    [0.1, 24],
  ] as const)
    for (const gates of repeats === 3 ? [gate, three] : [gate])
      found.push({
        name: `TTFT +${by * 100}% at ${at} of ${points}, repeats ${repeats}, ${gates.length} gated`,
        noise: { repeats },
        effect: ttft(by, at),
        affected: at,
        gates,
      })
found.push(
  ...[
    [0.2, 1, 3],
    [0.1, 4, 3],
    [0.1, 4, 5],
  ].map(([by = 0, at = 0, repeats = 0]) => ({
    name: `TTFT +${by * 100}% at ${at} of ${points}, repeats ${repeats}, seeds shared, 2 sd of a seed`,
    noise: { repeats, seeds: 2 },
    effect: ttft(by, at),
    affected: at,
    gates: gate,
  })),
)
for (const [by, at] of [
  [0.2, 1],
  [0.1, 4],
] as const)
  found.push({
    name: `TTFT +${by * 100}% at ${at} of ${points}, repeats 3, run shift 1 sd, 5 runs known`,
    noise: { repeats: 3, runShift: 1 },
    effect: ttft(by, at),
    affected: at,
    gates: gate,
    known: 5,
  })
for (const known of [5, 10, 20])
  found.push({
    name: `all latencies +20% at ${points} of ${points}, repeats 3, run shift 1 sd, ${known} runs known`,
    noise: { repeats: 3, runShift: 1 },
    effect: all(0.2, points),
    affected: points,
    gates: [...gate, 'itl_p95>5%'],
    known,
  })
console.log(
  table(
    ['change', 'gate', 'broken', 'a wrong verdict among all'],
    asked(found).map(one => {
      const outcome = outcomeOf(one)
      return [one.name, one.gates.join(', '), outcome.broken.map(percent).join(', '), percent(outcome.anyWrong)]
    }),
  ),
)

/**
 * Share of comparisons in which a test that knows the noise breaks a gate: what no estimate of the noise can exceed, at
 * the same false-discovery rate.
 */
function knowingNoise(by: number, at: number, repeats: number): number {
  const random = createRandom(`known ${by} ${at} ${repeats}`)
  const [error, limit] = [0.05 * Math.sqrt(2 / repeats), Math.log1p(0.05)]
  const tail = (change: number) => normalProbability(-change / error)
  let broken = 0
  for (let trial = 0; trial < 20_000; trial++) {
    const tests = Array.from({ length: points }, (_, i) => {
      const change = error * random.normal() + (i < at ? Math.log1p(by) : 0)
      return { p: change > limit ? tail(change) : null, possible: tail(limit) }
    })
    if (adjustWithinBounds(tests).some(p => p <= gatedShare * falseDiscoveryRate)) broken++
  }
  return broken / 20_000
}
for (const [by, at, repeats] of [
  [0.2, 1, 3],
  [0.1, 4, 3],
  [0.1, 4, 5],
] as const)
  console.log(
    `A test that knows the noise finds TTFT +${by * 100}% at ${at} of ${points} with ${repeats} repeats in ${percent(knowingNoise(by, at, repeats))}.`,
  )

console.log('\n## Nothing changed\n')
const uneven = [
  { what: 'half the points 5 times as large', scale: (i: number) => (i % 2 ? 5 : 1) },
  { what: 'one point in eight 3 times as large', scale: (i: number) => (i % 8 ? 1 : 3) },
]
const nothing: Case[] = []
for (const repeats of [3, 5])
  for (const gates of [[], gate, three])
    nothing.push({ name: `nothing, repeats ${repeats}`, noise: { repeats }, gates })
nothing.push(
  { name: 'repeats 3, seeds shared', noise: { repeats: 3, seeds: 2 }, gates: three },
  { name: 'repeats 5, seeds shared', noise: { repeats: 5, seeds: 2 }, gates: three },
  ...[0.4, 2].map(times => ({
    name: `repeats 3, seeds shared, TTFT varies by ${5 * times}%`,
    noise: { repeats: 3, seeds: 2, scale: () => times },
    gates: three,
  })),
  ...[{}, { seeds: 2 }].flatMap(more =>
    uneven.map(({ what, scale }) => ({
      name: `repeats 3${more.seeds === undefined ? '' : ', seeds shared'}, noise of ${what}`,
      noise: { repeats: 3, scale, ...more },
      gates: three,
    })),
  ),
  { name: 'repeats 3, a tenth of TTFTs 18% higher', noise: { repeats: 3, bimodal: 0.1 }, gates: three },
)
for (const repeats of [1, 3, 5])
  for (const known of [1, 5, 10])
    nothing.push({
      name: `repeats ${repeats}, run shift 1 sd, ${known} runs known`,
      noise: { repeats, runShift: 1 },
      gates: three,
      known,
    })
nothing.push({
  name: 'repeats 3, run shift 1 sd, 5 runs known',
  noise: { repeats: 3, runShift: 1 },
  gates: [],
  known: 5,
})
nothing.push({
  name: 'repeats 5, run shift 1 sd, 5 runs known',
  noise: { repeats: 5, runShift: 1 },
  gates: [],
  known: 5,
})
for (const known of [1, 5]) {
  nothing.push({
    name: `repeats 3, session of each point 1 sd, ${known} runs known`,
    noise: { repeats: 3, session: 1 },
    gates: three,
    known,
  })
  nothing.push({
    name: `repeats 3, both 2 sd, ${known} runs known`,
    noise: { repeats: 3, session: 2, runShift: 2 },
    gates: three,
    known,
  })
}
nothing.push({ name: 'repeats 3, run shift 0, 5 runs known', noise: { repeats: 3 }, gates: three, known: 5 })
console.log(
  table(
    ['runs', 'gates', 'any verdict', 'a gate broken'],
    asked(nothing).map(one => {
      const { anyVerdict, broken } = outcomeOf(one)
      return [one.name, one.gates.join(', ') || 'none', percent(anyVerdict), broken.map(percent).join(', ') || '–']
    }),
  ),
)
