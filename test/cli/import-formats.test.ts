import assert from 'node:assert/strict'
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { parse } from 'csv-parse/sync'
import { readRun } from '../../src/journal/index.ts'
import { fulcrum, repository, temporaryFolder } from './fulcrum.ts'

const samples = join(repository, 'test/generators/import/samples')

async function place(sample: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await copyFile(join(samples, sample), path)
}

type Cells = { readonly [column: string]: string }
interface Imported {
  readonly points: number
  readonly folder: string
  readonly passedOver: readonly { readonly file: string; readonly why: string }[]
}

async function imported(folder: string, ...more: readonly string[]): Promise<Imported> {
  const { stdout, stderr, exitCode } = await fulcrum([
    'import',
    folder,
    '--out',
    join(folder, '../out'),
    '--json',
    ...more,
  ])
  assert.equal(exitCode, 0, stderr)
  return JSON.parse(stdout) as Imported
}

async function cellsOf(run: string): Promise<readonly Cells[]> {
  const { stdout } = await fulcrum(['export', run, '--format', 'csv'])
  return parse(stdout, { columns: true }) as Cells[]
}

describe('fulcrum import of other harnesses', () => {
  test('recomputes the frontier of an InferenceX aggregate exactly', async () => {
    await using folder = await temporaryFolder()
    const from = join(folder.path, 'night')
    await place('inferencex-agg_bmk.json', join(from, 'agg_bmk.json'))
    const { folder: run, points } = await imported(from)
    assert.equal(points, 12)
    // Published: interactivity against output tokens/s per GPU of the deployment, nothing better in both.
    const rows = JSON.parse(await readFile(join(samples, 'inferencex-agg_bmk.json'), 'utf8')) as {
      [key: string]: number
    }[]
    const measured = rows.filter(row => row.mean_intvty !== undefined)
    const published = measured.map(row => {
      const [prefill = 0, decode = 0] = [row.num_prefill_gpu, row.num_decode_gpu]
      const share = decode > 0 ? decode / (prefill + decode) : 1
      return { x: row.mean_intvty ?? 0, y: (row.output_tput_per_gpu ?? 0) * share }
    })
    const best = published.filter(
      ({ x, y }) => !published.some(other => other.x >= x && other.y >= y && (other.x > x || other.y > y)),
    )
    const frontier = (await cellsOf(run)).filter(cells => cells.on_frontier === 'true')
    const byX = (a: { x: number }, b: { x: number }) => a.x - b.x
    assert.deepEqual(
      frontier
        .map(cells => ({ x: Number(cells.output_tokens_per_s_per_user), y: Number(cells.output_tokens_per_s_per_gpu) }))
        .sort(byX)
        .map(({ x, y }) => [x.toPrecision(12), y.toPrecision(12)]),
      best.sort(byX).map(({ x, y }) => [x.toPrecision(12), y.toPrecision(12)]),
    )
  })

  test('leaves empty what a result doesn’t say, and no objective on it is met', async () => {
    await using folder = await temporaryFolder()
    const from = join(folder.path, 'night')
    await place('inferencex-agg_bmk.json', join(from, 'agg_bmk.json'))
    const { folder: run } = await imported(from, '--slo', 'ttft_p95_ms=100000')
    const [first] = await cellsOf(run)
    assert.deepEqual([first?.ttft_p95_ms, first?.completed, first?.requests, first?.isl_measured], ['', '', '', ''])
    assert.notEqual(first?.meets_slo, 'true')
    const aiperf = join(folder.path, 'aiperf')
    await fulcrum(['export', run, '--format', 'aiperf', '--to', aiperf])
    const exported = (await readdir(aiperf, { recursive: true })).filter(name => name.endsWith('.json'))
    for (const name of exported) {
      const { request_count, time_to_first_token: ttft } = JSON.parse(await readFile(join(aiperf, name), 'utf8'))
      if (ttft === undefined) continue
      assert.deepEqual([request_count, Object.values(ttft).includes(null), 'p95' in ttft], [undefined, false, false])
    }
    const failed = (await readRun(run)).results.filter(({ status }) => status === 'failed')
    assert.equal(failed.length, 1)
  })

  test('reads results of several programs at once, each by its own format', async () => {
    await using folder = await temporaryFolder()
    const from = join(folder.path, 'results')
    const sa = 'results_concurrency_64_gpus_20_ctx_4_gen_16.json'
    await place('vllm-rs-answered.json', join(from, 'agg-x1/vllm/result.json'))
    await place('vllm-rs-all-refused.json', join(from, 'agg-x2/vllm/result.json'))
    await place('guidellm-ok.json', join(from, '1P1D/guidellm/benchmarks.json'))
    await place('inference-perf-stage_0_lifecycle_metrics.json', join(from, '2P1D/ip/stage_0_lifecycle_metrics.json'))
    await place('inference-perf-config.yaml', join(from, '2P1D/ip/config.yaml'))
    await place('llm-d-benchmark_report_v0.2.yaml', join(from, 'llm-d/benchmark_report_v0.2,_stage_3.yaml'))
    await place('srt-slurm-3667.json', join(from, 'srt/3667.json'))
    await place(`srt-slurm-${sa}`, join(from, 'srt/logs/sa-bench_isl1024_osl128', sa))
    const { folder: run, points, passedOver } = await imported(from, '--gpus-per-worker', '2')
    assert.deepEqual(passedOver, [])
    assert.equal(points, 6)
    const { results } = await readRun(run)
    assert.deepEqual(results.map(({ point, status }) => `${point.generator} ${status}`).sort(), [
      // Its mock server counted 100 tokens in a prompt of 128.
      'guidellm invalid',
      'inference-perf ok',
      'inference-perf ok',
      'sa-bench ok',
      'vllm-bench failed',
      'vllm-bench ok',
    ])
  })

  test('tells a result whose name disagrees with it, and one that is there twice', async () => {
    await using folder = await temporaryFolder()
    const from = join(folder.path, 'night')
    const rows = JSON.parse(await readFile(join(samples, 'inferencex-agg_bmk.json'), 'utf8')) as object[]
    await place('inferencex-agg_bmk.json', join(from, 'agg_bmk.json'))
    await writeFile(join(from, 'agg_dsr1_isl1024_osl1024_conc4.json'), JSON.stringify(rows[0]))
    await writeFile(join(from, 'agg_dsr1_isl8192_conc16.json'), JSON.stringify({ ...rows[0], mean_ttft: 0.3 }))
    const { folder: run, points, passedOver } = await imported(from)
    assert.equal(points, 13)
    assert.ok(passedOver.some(({ file, why }) => file.includes('conc4') && /same result as agg_bmk\.json/.test(why)))
    const { results } = await readRun(run)
    const messages = results.flatMap(({ findings }) => findings.map(({ message }) => message))
    assert.ok(messages.includes('the path says concurrency 16, but the summary says 4; the summary takes precedence'))
    assert.ok(messages.includes('the path says ISL 8192, but the summary says 1024; the summary takes precedence'))
  })

  test('asks for the GPUs of a worker where no result says them', async () => {
    await using folder = await temporaryFolder()
    await place('guidellm-ok.json', join(folder.path, '1P1D/benchmarks.json'))
    const { exitCode, stderr } = await fulcrum(['import', folder.path])
    assert.equal(exitCode, 2)
    assert.match(stderr, /1P1D\/benchmarks\.json does not say how many GPUs a worker has/)
    assert.match(stderr, /--gpus-per-worker N/)
  })

  test('lists the formats in its help, and where a folder holds none of them', async () => {
    const { stdout } = await fulcrum(['import', '--help'])
    for (const name of ['inferencex', 'srt-slurm', 'llm-d-benchmark', 'vllm-bench', 'guidellm', 'inference-perf'])
      assert.ok(stdout.includes(`\n  ${name} `), name)
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, 'other.json'), '{"a":1}')
    const { exitCode, stderr } = await fulcrum(['import', folder.path])
    assert.equal(exitCode, 2)
    assert.match(stderr, /No results in .*/)
    assert.match(stderr.replace(/\s+/g, ' '), /agg_bmk\.json and the agg_\*\.json of each point/)
  })
})
