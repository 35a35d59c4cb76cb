/**
 * Which rule begins the window of `warmup: auto`: 62 rounds of each cell with 16 slots or more are simulated once, and
 * rules choose where in them a window of ten rounds begins.
 *
 *   node bench/window/rules.ts         (three minutes of one core)
 *   node bench/window/rules.ts fixed   one kind of lengths
 */

import { trendOf } from '../../src/metrics/trend.ts'
import { topologyLabel } from '../../src/model/index.ts'
import type { Cell, Spread } from './matrix.ts'
import { cellsOf, profileWithJitter, seeds, spreads } from './matrix.ts'
import { longRun, p95, quantile, truthOf } from './truth.ts'

const profile = await profileWithJitter()
const simulatedRounds = 62
const windowRounds = 10
const fewestRounds = 2
const fewestSlots = 16

/** TTFT of a long run of a cell, by send order. Lengths repeat with the window, as in the product. */
function ttftOf(cell: Cell, seed: number, period: number): Float64Array {
  const answers = longRun(cell, profile, seed, simulatedRounds * cell.concurrency, period * cell.concurrency)
  return Float64Array.from(answers.map(({ dueMs, firstMs }) => firstMs - dueMs))
}

/** From the TTFT of all requests, and the slots, the rounds before the window. */
type Rule = (ttft: Float64Array, slots: number) => number

const always =
  (rounds: number): Rule =>
  () =>
    rounds

/** The first window whose trend is none that counts; at most so many rounds and requests. */
function steady(
  counts: (change: number, z: number) => boolean,
  most: number,
  mostRequests = Number.POSITIVE_INFINITY,
): Rule {
  return (ttft, slots) => {
    const last = Math.max(fewestRounds, Math.min(most, Math.floor(mostRequests / slots) - windowRounds))
    for (let rounds = fewestRounds; rounds < last; rounds++) {
      const trend = trendOf(ttft.subarray(rounds * slots, (rounds + windowRounds) * slots))
      if (trend === null || !counts(trend.change, trend.z)) return rounds
    }
    return last
  }
}
const falls = (by: number, z: number) => (change: number, found: number) => change <= -by && found <= -z

/** MSER over the means of rounds: the window may begin once the cut lies in the first half, ten rounds before the end. */
function mser(most: number): Rule {
  return (ttft, slots) => {
    const rounds = Array.from({ length: most + windowRounds }, (_, round) => {
      const values = ttft.subarray(round * slots, (round + 1) * slots)
      return values.reduce((sum, value) => sum + value, 0) / slots
    })
    for (let count = fewestRounds + windowRounds; count <= rounds.length; count++) {
      const half = count / 2
      let [best, least, sum, squares] = [0, Number.POSITIVE_INFINITY, 0, 0]
      for (let cut = count - 1; cut >= 0; cut--) {
        const value = rounds[cut] ?? 0
        sum += value
        squares += value * value
        const left = count - cut
        const error = Math.max(0, squares - (sum * sum) / left) / (left * left)
        if (cut <= half && error <= least) [best, least] = [cut, error]
      }
      if (best <= count - windowRounds && best < Math.floor(half)) return count - windowRounds
    }
    return most
  }
}

const chosen = 'a fall of 1%, z below −0.5; at most 30x'
const rules: Readonly<Record<string, Rule>> = {
  'always 2x': always(2),
  'always 10x': always(10),
  'always 20x': always(20),
  'always 30x': always(30),
  'always 50x': always(50),
  'a change of 10% either way, abs(z) above 1.96; at most 30x': steady(
    (change, z) => Math.abs(change) >= 0.1 && Math.abs(z) >= 1.96,
    30,
  ),
  'MSER (White 1997) over the means of rounds; at most 30x': mser(30),
  'a fall of 2%, z below −1.28; at most 30x': steady(falls(0.02, 1.28), 30),
  'a fall of 2%, z below −0.5; at most 20x': steady(falls(0.02, 0.5), 20),
  'a fall of 2%, z below −0.5; at most 30x and 4,000 requests': steady(falls(0.02, 0.5), 30, 4000),
  'a fall of 2%, z below −0.5; at most 30x': steady(falls(0.02, 0.5), 30),
  [chosen]: steady(falls(0.01, 0.5), 30),
  'a fall of 1%, z below −0.5; at most 40x': steady(falls(0.01, 0.5), 40),
}

function table(spread: Spread, period: number, names: readonly string[]): void {
  const runs = cellsOf(spread)
    .filter(({ concurrency }) => concurrency >= fewestSlots)
    .flatMap(cell => {
      const truth = truthOf(cell, profile, 1).ttftP95Ms
      return seeds.map(seed => ({ cell, truth, ttft: ttftOf(cell, seed, period) }))
    })
  for (const name of names) {
    const seen = runs.map(({ cell, truth, ttft }) => {
      const slots = cell.concurrency
      const rounds = rules[name]?.(ttft, slots) ?? Number.NaN
      const found = p95(Array.from(ttft.subarray(rounds * slots, (rounds + windowRounds) * slots)))
      return { cell, rounds, ratio: found / truth }
    })
    const near = seen.filter(({ ratio }) => Math.abs(ratio - 1) <= 0.1)
    const rounds = seen.map(one => one.rounds)
    const mean = rounds.reduce((sum, one) => sum + one, 0) / rounds.length
    const share = ((100 * near.length) / seen.length).toFixed(1)
    console.log(
      `| ${spread}, lengths repeat after ${period}x | ${name} | ${share}% of ${seen.length} | ${mean.toFixed(1)}x / ${quantile(rounds, 0.9)}x |`,
    )
    if (name !== chosen) continue
    for (const { cell, rounds: after, ratio } of seen.filter(one => !near.includes(one)))
      console.error(
        `  ${topologyLabel(cell.topology)} ${cell.workload.join('/')} c ${cell.concurrency} after ${after}x: ${ratio.toFixed(2)}`,
      )
  }
}

const [only] = process.argv.slice(2)
console.log('| lengths | rule | TTFT p95 within 10% | warm-up: mean / p90 |\n|---|---|---|---|')
for (const spread of Object.keys(spreads) as Spread[]) {
  if (only !== undefined && only !== spread) continue
  table(spread, windowRounds, Object.keys(rules))
  if (spread === 'mixed') table(spread, simulatedRounds, ['always 2x', chosen])
}
