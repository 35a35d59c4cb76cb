import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { analyse } from '../../src/analysis/analyse.ts'
import { dominates } from '../../src/analysis/frontier.ts'
import { csvColumns } from '../../src/render/export/columns.ts'
import { pointsCsv } from '../../src/render/export/points-csv.ts'
import { parseCsv } from './parse-csv.ts'
import { disaggregated, failed, invalid, syntheticRun } from './synthetic-run.ts'

const promised =
  'point_id,status,reason,topology,prefill_workers,decode_workers,aggregated_workers,gpus,isl,osl,concurrency,request_rate,repeat,requests,errors,duration_s,ttft_mean_ms,ttft_p50_ms,ttft_p95_ms,ttft_p99_ms,itl_mean_ms,itl_p50_ms,itl_p95_ms,itl_p99_ms,request_latency_mean_ms,request_latency_p50_ms,request_latency_p95_ms,request_latency_p99_ms,request_throughput,output_tokens_per_s,output_tokens_per_s_per_user,output_tokens_per_s_per_gpu,input_tokens_per_s_per_prefill_gpu,output_tokens_per_s_per_decode_gpu,goodput,on_frontier'

test('points.csv begins with the columns that scripts rely on, in their order', () => {
  const header = pointsCsv(syntheticRun()).split('\n')[0]
  assert.ok(header?.startsWith(`${promised},`))
})

test('no column name is there twice, and each says what it means', () => {
  assert.equal(new Set(csvColumns.map(column => column.name)).size, csvColumns.length)
  assert.ok(csvColumns.every(column => column.meaning.length > 0))
})

test('there is one row for each measurement, repeats and failures included', () => {
  const run = syntheticRun({ repeats: 2, change: (r, i) => (i % 5 === 0 ? failed(r, 'no answer') : r) })
  const rows = parseCsv(pointsCsv(run))
  assert.deepEqual(rows.map(row => row.point_id).sort(), run.results.map(result => result.point.id).sort())
})

test('figures are written unrounded: reading them back gives the same number', () => {
  const run = syntheticRun()
  const byId = new Map(parseCsv(pointsCsv(run)).map(row => [row.point_id, row]))
  for (const { point, measurement } of run.results) {
    assert.equal(Number(byId.get(point.id)?.ttft_p95_ms), measurement?.ttftMs?.p95)
    assert.equal(Number(byId.get(point.id)?.output_tokens_per_s), measurement?.outputTokensPerS)
  }
})

test('what was not measured is an empty field, never a zero', () => {
  const rows = parseCsv(pointsCsv(syntheticRun({ topologies: [disaggregated(1, 1)], change: r => failed(r, 'gone') })))
  for (const row of rows) {
    assert.equal(row.ttft_p95_ms, '')
    assert.equal(row.request_rate, '')
    assert.equal(row.reason, 'gone')
  }
})

test('on_frontier can be checked from the file alone: no valid row of the workload dominates it', () => {
  const rows = parseCsv(pointsCsv(syntheticRun({ change: (r, i) => (i % 6 === 0 ? invalid(r) : r) })))
  const place = (row: Record<string, string>) => ({
    x: Number(row.output_tokens_per_s_per_user),
    y: Number(row.output_tokens_per_s_per_gpu),
  })
  for (const row of rows) {
    const rivals = rows.filter(other => other.workload === row.workload && other.status === 'ok')
    const free = row.status === 'ok' && !rivals.some(other => dominates(place(other), place(row)))
    assert.equal(row.on_frontier, String(free))
  }
})

test('with repeats, on_frontier marks the valid repeats of points whose mean is on the frontier', () => {
  const run = syntheticRun({ repeats: 3, change: r => (r.point.repeat === 1 ? invalid(r) : r) })
  const marked = parseCsv(pointsCsv(run)).filter(row => row.on_frontier === 'true')
  assert.ok(marked.every(row => row.repeat !== '1'))
  assert.equal(marked.length, 2 * analyse(run).workloads.flatMap(workload => workload.frontier).length)
})

test('any text survives a round trip, and none becomes a spreadsheet formula', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), reason => {
      const run = syntheticRun({ workloads: [[100, 10]], topologies: [disaggregated(1, 1)], concurrencies: [1] })
      const [row] = parseCsv(pointsCsv({ ...run, results: run.results.map(result => invalid(result, reason)) }))
      assert.equal(row?.reason, /^[=+\-@\t\r]/.test(reason) ? `'${reason}` : reason)
    }),
  )
})

test('costs have their currency in a column of its own, which is empty without a price or a currency', () => {
  const currencyOf = (price?: {
    readonly perGpuHour: number
    readonly perKwh: null
    readonly currency: string | null
  }) => {
    const run = syntheticRun({
      change: r =>
        r.measurement === null || price === undefined ? r : { ...r, measurement: { ...r.measurement, price } },
    })
    return parseCsv(pointsCsv(run)).map(row => row.currency)
  }
  assert.ok(currencyOf({ perGpuHour: 2.5, perKwh: null, currency: 'EUR' }).every(cell => cell === 'EUR'))
  assert.ok(currencyOf({ perGpuHour: 2.5, perKwh: null, currency: null }).every(cell => cell === ''))
  assert.ok(currencyOf().every(cell => cell === ''))
})
