import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { execa } from 'execa'
import { exportRun } from '../../src/commands/export.ts'
import { scratch } from '../journal/journal-on-disk.ts'

const repository = join(import.meta.dirname, '../..')

test('aiperf plot draws its Pareto curves of a run that was exported as AIPerf’s', async () => {
  await using folder = await scratch()
  const [to, plots] = [join(folder.path, 'points'), join(folder.path, 'plots')]
  const run = join(repository, 'results/baseline/quick')
  await exportRun({ folder: run, resultsRoot: '', format: 'aiperf', to })
  const { all, exitCode } = await execa(
    join(repository, '.systems/aiperf/bin/aiperf'),
    ['plot', to, '--output', plots],
    { all: true, reject: false, timeout: 120_000, env: { HOME: folder.path } },
  )
  assert.equal(exitCode, 0, all)
  const drawn = (await readdir(plots)).filter(name => name.endsWith('.png')).sort()
  assert.deepEqual(drawn, [
    'latency_throughput_uncertainty.png',
    'pareto_curve_throughput_per_gpu_vs_interactivity.png',
    'pareto_curve_throughput_per_gpu_vs_latency.png',
    'ttft_vs_throughput.png',
  ])
})
