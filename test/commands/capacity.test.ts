import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type CapacityFlags, planCapacityOf } from '../../src/commands/capacity.ts'
import { FulcrumError } from '../../src/model/index.ts'
import { repository, temporaryFolder } from '../cli/fulcrum.ts'

const run = join(repository, 'results/baseline/quick')
const resultsRoot = join(repository, 'nowhere')
const { signal } = new AbortController()

const badInput = (said: RegExp) => (error: unknown) => {
  assert.ok(error instanceof FulcrumError)
  assert.equal(error.kind, 'bad-input')
  assert.match(error.message, said)
  return true
}

describe('a mistake in a capacity file', () => {
  const mistakes: readonly (readonly [what: string, text: string, said: RegExp])[] = [
    ['no traffic', 'fleet: { gpus_per_node: 8 }\n', /plan\.yaml:1:1: traffic is missing; write \{ peak_requests_per_s/],
    [
      'an unknown key',
      'traffic:\n  peak_request_per_s: 3\nfleet: { gpus_per_node: 8 }\n',
      /plan\.yaml:2:3: unknown key "peak_request_per_s" in traffic; did you mean "peak_requests_per_s"\?/,
    ],
    [
      'no amount',
      'traffic: { day: office }\nfleet: { gpus_per_node: 8 }\n',
      /plan\.yaml:1:10: traffic has no amount; set one of peak_requests_per_s/,
    ],
    [
      'two amounts',
      'traffic: { peak_requests_per_s: 1, mean_requests_per_s: 1 }\nfleet: { gpus_per_node: 8 }\n',
      /plan\.yaml:1:36: peak_requests_per_s and mean_requests_per_s cannot be combined/,
    ],
    [
      'a day of 23 hours',
      'traffic:\n  peak_requests_per_s: 1\n  day: [1, 1, 1]\nfleet: { gpus_per_node: 8 }\n',
      /plan\.yaml:3:8: traffic\.day .+ 24 numbers/,
    ],
    [
      'a workload that the run lacks',
      'traffic: { peak_requests_per_s: 1, mix: [{ workload: 8000/42 }] }\nfleet: { gpus_per_node: 8 }\n',
      /plan\.yaml:1:54: the run has no workload "8000\/42"; (did you mean|it has)/,
    ],
    [
      'no currency',
      'traffic: { peak_requests_per_s: 1 }\nfleet: { gpus_per_node: 8, gpu_price_per_hour: 2, currency: euro }\n',
      /plan\.yaml:2:\d+: fleet\.currency .+ write an ISO 4217 code/,
    ],
    [
      'a code of no currency',
      'traffic: { peak_requests_per_s: 1 }\nfleet: { gpus_per_node: 8, gpu_price_per_hour: 2, currency: ZZZ }\n',
      /plan\.yaml:2:\d+: fleet\.currency .+ write an ISO 4217 code/,
    ],
    [
      'a currency without a price',
      'traffic: { peak_requests_per_s: 1 }\nfleet: { gpus_per_node: 8, currency: EUR }\n',
      /plan\.yaml:2:\d+: currency has no effect without gpu_price_per_hour/,
    ],
    [
      'a unit without a trace',
      'traffic: { peak_requests_per_s: 1, trace_unit: s }\nfleet: { gpus_per_node: 8 }\n',
      /plan\.yaml:1:36: trace_unit has no effect without trace/,
    ],
    ['no YAML', 'traffic: [\n', /plan\.yaml:\d+:\d+: invalid YAML/],
  ]
  for (const [what, text, said] of mistakes)
    test(`is named with its place: ${what}`, async () => {
      await using folder = await temporaryFolder()
      const file = join(folder.path, 'plan.yaml')
      await writeFile(file, text)
      await assert.rejects(planCapacityOf({ target: file, run, flags: {}, resultsRoot, signal }), badInput(said))
    })
})

describe('a mistake in the flags of a capacity plan', () => {
  const mistakes: readonly (readonly [target: string, flags: CapacityFlags, said: RegExp])[] = [
    [run, {}, /No amount of traffic is given/],
    [run, { rps: 'many' }, /Invalid --rps: "many"/],
    [run, { rps: '-1' }, /Invalid --rps: "-1"/],
    [run, { rps: '1', users: '5' }, /--rps and --users cannot be combined/],
    [run, { rps: '1', mix: '8000/24' }, /Invalid part of --mix: "8000\/24"/],
    [run, { rps: '1', mix: '8000/42=1' }, /--mix: the run has no workload "8000\/42"/],
    [run, { trace: 't.csv', traceUnit: 'h' }, /Invalid --trace-unit: "h"/],
    [run, { rps: '1', traceUnit: 's' }, /--trace-unit has no effect without --trace/],
    [run, { rps: '1', price: '2', currency: 'EURO' }, /Invalid --currency: "EURO"/],
    [run, { rps: '1', price: '2', currency: 'ZZZ' }, /Invalid --currency: "ZZZ"/],
    [run, { rps: '1', currency: 'EUR' }, /--currency has no effect without --price/],
    [run, { rps: '1', price: '0' }, /Invalid --price: "0"/],
    [run, { rps: '1', price: '3 EUR' }, /Invalid --price: "3 EUR"/],
    [run, { rps: '1', nodes: '2.5' }, /Invalid --nodes: "2.5"/],
    [run, { rps: '1', nodesLost: '-1' }, /Invalid --nodes-lost: "-1"/],
    [run, { rps: '1', growth: '-100%', months: '3' }, /Invalid --growth: "-100%"/],
    [run, { rps: '1', months: '1e3' }, /Invalid --months: "1e3"/],
    [run, { rps: 'Infinity' }, /Invalid --rps: "Infinity"/],
    [run, { rps: '1', sloTtftP95: '' }, /Invalid --slo-ttft-p95: ""/],
    [run, { rps: '1', think: '3' }, /--think has no effect without --users/],
    [run, { trace: 't.csv', mix: '8000/24=1' }, /--trace and --mix cannot be combined/],
    [run, { rps: '1', day: 'weekend' }, /Invalid --day: "weekend"/],
    ['nowhere.yaml', {}, /nowhere\.yaml: cannot read the capacity file/],
    [join(repository, 'sweeps/capacity/chat.yaml'), { rps: '3' }, /--rps cannot be combined with a capacity file/],
  ]
  for (const [target, flags, said] of mistakes)
    test(`is named: ${JSON.stringify(flags)}`, async () => {
      await assert.rejects(planCapacityOf({ target, flags, resultsRoot, signal }), badInput(said))
    })
})
