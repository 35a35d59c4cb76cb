// Test part: process
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { serveResults } from '../../src/commands/serve.ts'
import { freePort } from '../../src/deployers/ports.ts'
import { createRun, type OpenRun } from '../../src/journal/index.ts'
import { type Live, writeLive } from '../../src/journal/live.ts'
import type { RunSummary } from '../../src/site/catalogue.ts'
import { metricsResponse } from '../../src/site/metrics.ts'
import type { Site } from '../../src/site/server.ts'
import { parseExposition } from '../../src/telemetry/exposition.ts'
import { disaggregated, syntheticRun } from '../render/synthetic-run.ts'
import { rawRequest } from './raw-request.ts'

const baseline = join(import.meta.dirname, '../../results/baseline')
const dashboard = join(import.meta.dirname, '../../docs/grafana/fulcrum.json')

const summary: RunSummary = {
  folder: '/results/s/2',
  place: { sweep: 's', run: '2' },
  sweep: 's',
  runId: 'id',
  createdAt: '2026-11-29T00:00:00.000Z',
  models: [],
  revision: '',
  deployer: 'dynamo',
  host: 'h',
  state: 'running',
  problem: '',
  points: { planned: 4, ok: 2, invalid: 1, failed: 0 },
  latest: null,
  best: null,
  isBaseline: false,
  stamp: '',
}

const live: Live = {
  ...{ pid: process.pid, at: '', phase: 'measuring', elapsedS: 12, done: 37, total: 160, failed: 0, inFlight: 16 },
  point: { id: 'p', deployment: '1P1D', workload: '8000/256', load: 'concurrency 16', repeat: 1 },
  ...{ outputTokensPerS: 1420, ttftMs: null, itlMs: null, seenBy: null },
  roles: [{ role: 'decode', waiting: 0, running: 16, kvCache: 0.4 }],
  gpus: [{ role: 'decode', gpus: 4, powerW: 540, utilization: 0.88 }],
}

const samplesOf = (runs: readonly RunSummary[]) => {
  const { body } = metricsResponse(runs)
  assert.ok(typeof body === 'string')
  const { samples, unread } = parseExposition(body)
  assert.equal(unread.count, 0)
  return samples
}

describe('the metrics of the runs', () => {
  test('are those of the newest run of each sweep, and the states of all', () => {
    const older: RunSummary = { ...summary, place: { sweep: 's', run: '1' }, state: 'complete' }
    const samples = samplesOf([summary, older])
    const valueIn = (name: string, label: string, value: string) =>
      samples.find(sample => sample.name === name && sample.labels[label] === value)?.value
    assert.equal(valueIn('fulcrum_runs', 'state', 'running'), 1)
    assert.equal(valueIn('fulcrum_runs', 'state', 'complete'), 1)
    assert.equal(valueIn('fulcrum_runs', 'state', 'failed'), 0)
    assert.equal(valueIn('fulcrum_run_points', 'status', 'ok'), 2)
    assert.equal(valueIn('fulcrum_run_running', 'run', '2'), 1)
    assert.equal(valueIn('fulcrum_run_running', 'run', '1'), undefined)
  })

  test('show queues by role, and no sample of what was not observed', () => {
    const roles = [{ role: 'prefill', waiting: 3.5, running: null, kvCache: 0.25 }] as const
    const hardware = { gpuPowerW: 1400, gpuUtilization: null, energyPerOutputTokenJ: 0.5 }
    const cost = { costPerMillionOutputTokens: 2.5, currency: 'EUR' }
    const figures = { itlP95Ms: null, outputTokensPerS: 10, roles, ...hardware, ...cost }
    const point = { workload: 'a "b"\n', deployment: '1P1D', load: 'c 4', ...figures }
    const samples = samplesOf([{ ...summary, latest: { ...point, ttftP95Ms: 250 } }])
    const shown = samples.filter(({ name }) => name.startsWith('fulcrum_last_point_'))
    assert.deepEqual(
      shown.map(({ name, value }) => [name.replace('fulcrum_last_point_', ''), value]),
      [
        ['ttft_p95_seconds', 0.25],
        ['output_tokens_per_second', 10],
        ['requests_waiting', 3.5],
        ['kv_cache_usage_ratio', 0.25],
        ['gpu_power_watts', 1400],
        ['energy_per_output_token_joules', 0.5],
        ['cost_per_million_output_tokens', 2.5],
      ],
    )
    assert.equal(shown.at(-1)?.labels.currency, 'EUR')
    assert.equal(shown[2]?.labels.role, 'prefill')
    assert.equal(shown[2]?.labels.workload, 'a "b"\n')
  })

  test('without runs are an empty page', () => {
    assert.equal(metricsResponse([]).body, '')
  })
})

describe('/metrics of a site', () => {
  let folder: string
  let site: Site
  let running: OpenRun
  let telling: NodeJS.Timeout

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-metrics-'))
    await mkdir(join(folder, 'quick'))
    await cp(join(baseline, 'quick'), join(folder, 'quick/first'), { recursive: true })
    // With GPUs, and a price.
    await cp(join(baseline, 'h200-vllm'), join(folder, 'h200/first'), { recursive: true })
    const { manifest } = syntheticRun({ topologies: [disaggregated(1, 1)], concurrencies: [16] })
    const { sweepText: text, command, plan } = manifest
    running = await createRun(folder, { sweep: { name: 'now', file: join(folder, 'now.yaml'), text }, command, plan })
    const tell = () => writeLive(running.folder, { ...live, at: new Date().toISOString() })
    await tell()
    telling = setInterval(tell, 1000)
    site = await serveResults({ resultsRoot: folder, host: '127.0.0.1', port: 0 })
  })
  after(async () => {
    clearInterval(telling)
    await site[Symbol.asyncDispose]()
    await running[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  test('is Prometheus text', async () => {
    const { status, headers, body } = await rawRequest(site.url, '/metrics')
    assert.equal(status, 200)
    assert.match(String(headers['content-type']), /^text\/plain; version=0\.0\.4/)
    assert.match(body, /^fulcrum_run_points\{sweep="quick",run="first",status="ok"\} [1-9]/m)
    assert.match(body, /^fulcrum_last_point_energy_per_output_token_joules\{sweep="h200",.*\} [\d.]+$/m)
  })

  test('show the point that is measured now, with its queues and GPUs by role', async () => {
    const { body } = await rawRequest(site.url, '/metrics')
    const labels = 'sweep="now",workload="8000/256",deployment="1P1D",load="concurrency 16"'
    const shown = body.split('\n').filter(line => line.startsWith('fulcrum_in_flight_'))
    assert.deepEqual(shown, [
      `fulcrum_in_flight_requests{${labels}} 16`,
      `fulcrum_in_flight_output_tokens_per_second{${labels}} 1420`,
      `fulcrum_in_flight_requests_waiting{${labels},role="decode"} 0`,
      `fulcrum_in_flight_requests_running{${labels},role="decode"} 16`,
      `fulcrum_in_flight_kv_cache_usage_ratio{${labels},role="decode"} 0.4`,
      `fulcrum_in_flight_gpus{${labels},role="decode"} 4`,
      `fulcrum_in_flight_gpu_power_watts{${labels},role="decode"} 540`,
      `fulcrum_in_flight_gpu_utilization_ratio{${labels},role="decode"} 0.88`,
    ])
  })

  const promtool = '/usr/bin/promtool'
  test('has nothing that promtool would have otherwise', { skip: !existsSync(promtool) }, async () => {
    const { body } = await rawRequest(site.url, '/metrics')
    const { stdout, stderr, exitCode } = await execa(promtool, ['check', 'metrics'], { input: body, reject: false })
    assert.deepEqual([exitCode, stdout, stderr], [0, '', ''])
  })

  test('is read by a real Prometheus, which answers each query of the dashboard', {
    skip: !existsSync('/usr/bin/prometheus'),
  }, async () => {
    const port = await freePort()
    const file = join(folder, 'prometheus.yml')
    const { host } = new URL(site.url)
    const jobs = [{ job_name: 'fulcrum', scrape_interval: '1s', static_configs: [{ targets: [host] }] }]
    await writeFile(file, JSON.stringify({ scrape_configs: jobs }))
    const storage = [`--storage.tsdb.path=${join(folder, 'tsdb')}`, `--web.listen-address=127.0.0.1:${port}`]
    const prometheus = execa('/usr/bin/prometheus', [`--config.file=${file}`, ...storage], { reject: false })
    const query = async (text: string): Promise<readonly unknown[]> => {
      const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(text)}`
      const answer = await fetch(url).catch(() => null)
      const body = (await answer?.json().catch(() => null)) as { data?: { result?: readonly unknown[] } } | null
      return body?.data?.result ?? []
    }
    try {
      const limit = AbortSignal.timeout(60_000)
      while ((await query('fulcrum_run_points')).length === 0) {
        limit.throwIfAborted()
        await sleep(200)
      }
      const { default: board } = (await import(dashboard, { with: { type: 'json' } })) as {
        default: { panels: readonly { targets: readonly { expr: string }[] }[] }
      }
      const queries = board.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr.replaceAll('$sweep', '.*')))
      assert.ok(queries.length > 5)
      for (const text of queries) assert.ok((await query(text)).length > 0, text)
    } finally {
      prometheus.kill()
      await prometheus
    }
  })
})
