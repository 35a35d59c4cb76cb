/**
 * What `fulcrum history` calls by mistake over the looks at 60 nights, and how soon it finds a step, on simulated
 * nights whose truth is known.
 *
 *   node bench/history/looks.ts [histories] [part of a name]
 *     prints the tables of docs/bench/statistics.md (default 60 histories a row)
 */
import { historyGate, parseHistoryThreshold } from '../../src/analysis/history/gate.ts'
import { historyOf } from '../../src/analysis/history/history.ts'
import { createRandom } from '../../src/model/index.ts'
import { type MadeNights, madeNights } from '../../test/render/made-nights.ts'

const histories = Number(process.argv[2] ?? 60)
const only = process.argv[3] ?? ''
const nights = 60
const stepAt = 30
/** What a look called stays called, so that every fifth one shows what each night's did. */
const looksAt = Array.from({ length: nights / 5 }, (_, i) => 5 * (i + 1))
/** A change is of the step when it is dated to within so many nights. */
const near = 2

interface Case {
  readonly name: string
  readonly made: Omit<MadeNights, 'nights'>
}

const gates = ['ttft_p95>5%', 'itl_p95>5%'].map(text => parseHistoryThreshold(text))

/** Shares of histories in which some look showed a change, or broke a gate. */
function falseLooks({ name, made }: Case): { readonly changed: number; readonly broken: number } {
  let [changed, broken] = [0, 0]
  for (let trial = 0; trial < histories; trial++) {
    const runs = madeNights(createRandom(`${name}/${trial}`), { nights, ...made })
    const looks = looksAt.map(look => historyOf('nightly', runs.slice(0, look), null))
    if (looks.some(history => history.changes.length > 0)) changed++
    if (looks.some(history => historyGate(history, gates).some(gate => gate.broken.length > 0))) broken++
  }
  return { changed: changed / histories, broken: broken / histories }
}

/** Nights until a look showed the step, the odd case as infinity; and the share of histories that showed one before. */
function delays({ name, made }: Case): { readonly delays: readonly number[]; readonly early: number } {
  let early = 0
  const found = Array.from({ length: histories }, (_, trial) => {
    const runs = madeNights(createRandom(`${name}/${trial}`), { nights, from: stepAt, ...made })
    if (historyOf('nightly', runs.slice(0, stepAt), null).changes.length > 0) early++
    for (let look = stepAt + 1; look <= nights; look++) {
      const { changes } = historyOf('nightly', runs.slice(0, look), null)
      if (changes.some(({ run, verdict }) => verdict === 'slower' && Math.abs(run - stepAt) <= near))
        return look - stepAt
    }
    return Number.POSITIVE_INFINITY
  })
  return { delays: found.sort((a, b) => a - b), early: early / histories }
}

const percent = (share: number) => `${(share * 100).toFixed(1)}%`
const count = (value: number | undefined) => (value === undefined || value > nights ? 'none' : String(value))
const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [row(head), row(head.map(() => '---')), ...rows.map(row), ''].join('\n')
const asked = (cases: readonly Case[]) => cases.filter(({ name }) => name.includes(only))

const memories = [0, 0.3, 0.6, 0.8]
const nothing: readonly Case[] = [
  ...memories.map(memory => ({ name: `nothing, AR ${memory}`, made: { memory } })),
  { name: 'nothing, AR 0.6, repeats 1', made: { memory: 0.6, repeats: 1 } },
  { name: 'nothing, AR 0.5, nights vary twice as much as repeats', made: { memory: 0.5, between: 2 } },
  { name: 'nothing, AR 0, 3% of nights 20% slower', made: { memory: 0, odd: 0.03 } },
  { name: 'nothing, AR 0, 10% of nights 20% slower', made: { memory: 0, odd: 0.1 } },
]
const steps: readonly Case[] = [
  ...memories.slice(0, 3).flatMap((memory): readonly Case[] => [
    { name: `step, AR ${memory}, +5% at all points`, made: { memory, step: 0.05 } },
    { name: `step, AR ${memory}, +5% at 1 of 6 points`, made: { memory, step: 0.05, stepPoints: 1 } },
    {
      name: `step, AR ${memory}, +5% at 1 of 6 points, repeats 1`,
      made: { memory, step: 0.05, stepPoints: 1, repeats: 1 },
    },
    { name: `step, AR ${memory}, +10% of TTFT alone`, made: { memory, step: 0.1, onlyTtft: true } },
    { name: `step, AR ${memory}, +5% of TTFT alone`, made: { memory, step: 0.05, onlyTtft: true } },
  ]),
  { name: 'step, AR 0, +5% at all points, 5% of nights 20% slower', made: { memory: 0, step: 0.05, odd: 0.05 } },
]

console.log(`${histories} histories a row, 25 series each.\n\n## Nothing changed in ${nights} nights\n`)
console.log(
  table(
    ['nights', 'histories with a change at any look', 'with a gate broken (ttft_p95>5%, itl_p95>5%)'],
    asked(nothing).map(one => {
      const { changed, broken } = falseLooks(one)
      return [one.name, percent(changed), percent(broken)]
    }),
  ),
)
console.log(`\n## A step at night ${stepAt}\n`)
console.log(
  table(
    ['nights', 'nights until found: median', '90th percentile', 'histories with a change before it'],
    asked(steps).map(one => {
      const { delays: found, early } = delays(one)
      return [one.name, count(found[histories >> 1]), count(found[Math.floor(histories * 0.9)]), percent(early)]
    }),
  ),
)
