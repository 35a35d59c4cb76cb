import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fulcrum, repository, temporaryFolder } from './fulcrum.ts'

const sweep = `name: tiny
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated, profile: deepseek-r1-fp4-gb200 }
search: adaptive
topologies: [{ aggregated: 2 }, 1P1D]
workloads: [500/48]
load: { concurrency: [1, 2, 4], requests: 2x }
slo: { ttft_p95_ms: 10000 }
# A busy machine is no fault of what is tested here.
validity: { send_lateness_p99_ms: 9999, event_loop_delay_p99_ms: 9999, cpu_share: 1, run_queue_share: 1, in_flight_share: 0.01 }
`

interface Answer {
  readonly folder: string
  readonly workloads: readonly {
    readonly workload: string
    readonly basis: string
    readonly best: { readonly deployment: string; readonly tokensPerSPerGpu: { readonly mean: number } }
    readonly servingModes: readonly { readonly gpus: number }[]
  }[]
  readonly believed: readonly { readonly source: string }[]
  readonly outcome: { readonly outcome: string; readonly points: { readonly missing: number } } | null
}

test('fulcrum tune refuses a mix of unknown workloads before it plans or runs the sweep', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'tiny.yaml')
  await writeFile(file, sweep)
  for (const more of [['--dry-run'], ['--out', join(folder.path, 'results')]]) {
    const { stdout, stderr, exitCode } = await fulcrum(['tune', file, '--mix', 'foo=1', ...more])
    assert.deepEqual([exitCode, stdout], [2, ''])
    assert.match(stderr, /Unknown workload in --mix: "foo"\.\n {2}to do: The workloads are 500\/48\./)
  }
  assert.equal((await fulcrum(['tune', file, '--mix', '500/48=1', '--dry-run'])).exitCode, 0)
})

test('fulcrum tune runs a sweep file and answers; of the run’s folder it only answers, and the same', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'tiny.yaml')
  await writeFile(file, sweep)
  const priors = join(repository, 'test/analysis/priors/aiconfigurator')
  const ran = await fulcrum(['tune', file, '--out', join(folder.path, 'results'), '--priors', priors, '--json'])
  assert.equal(ran.exitCode, 0, ran.stderr)
  const answer = JSON.parse(ran.stdout) as Answer
  assert.equal(answer.outcome?.outcome, 'complete')
  assert.equal(answer.outcome.points.missing, 0)
  assert.equal(answer.workloads[0]?.basis, 'slo')
  assert.match(answer.believed[0]?.source ?? '', /^aiconfigurator/)
  assert.deepEqual(
    answer.workloads[0]?.servingModes.map(({ gpus }) => gpus),
    [8],
  )

  const again = await fulcrum(['tune', answer.folder, '--json'])
  assert.equal(again.exitCode, 0, again.stderr)
  const read = JSON.parse(again.stdout) as Answer
  assert.equal(read.outcome, null)
  assert.deepEqual(read.workloads, answer.workloads)

  const { stdout } = await fulcrum(['tune', answer.folder, '--mix', '500/48=1'])
  assert.deepEqual(
    stdout.split('\n').filter(line => line.length > 80 && !line.startsWith('run: ')),
    [],
  )
  assert.match(stdout, /^the mix of 100% 500\/48: .+ requests\/s together/)
  assert.match(stdout, /\n500\/48: .+ the most throughput under the SLO/)
  assert.match(stdout, /disaggregated against aggregated on 8 GPUs: [+−]\d+\.\d%, measured once/)
  assert.match(stdout, /try next: /)
})

test('fulcrum tune of a run that was stopped names what could overturn its answer, with the command that measures it', async () => {
  await using folder = await temporaryFolder()
  const whole = join(repository, 'results/baseline/quick')
  const lines = (await readFile(join(whole, 'journal.jsonl'), 'utf8')).split('\n')
  await writeFile(join(folder.path, 'manifest.json'), await readFile(join(whole, 'manifest.json')))
  await writeFile(join(folder.path, 'journal.jsonl'), `${lines.slice(0, 13).join('\n')}\n`)
  const { stdout, exitCode } = await fulcrum(['tune', folder.path])
  assert.equal(exitCode, 0)
  assert.match(stdout, /uncertain: 1P1D at concurrency 6 could overturn this: it has not been measured/)
  assert.ok(stdout.includes(`\nmeasure it: fulcrum resume ${folder.path}\n`))
  const report = await fulcrum(['report', folder.path, '--json'])
  const { couldOverturn } = JSON.parse(report.stdout) as { couldOverturn: { workload: string; command: string }[] }
  assert.deepEqual(
    couldOverturn.map(({ command }) => command),
    [`fulcrum resume ${folder.path}`, `fulcrum resume ${folder.path}`],
  )
  const complete = await fulcrum(['tune', whole])
  assert.doesNotMatch(complete.stdout, /not sure/)
})

test('fulcrum tune names a mix that can’t be read, a workload that the run lacks, and a folder without beliefs', async () => {
  const run = join(repository, 'results/baseline/quick')
  const mistakes: readonly (readonly [args: readonly string[], said: RegExp])[] = [
    [['--mix', '8000/24'], /Invalid part of --mix: "8000\/24"/],
    [['--mix', '8000/42=1'], /Unknown workload in --mix: "8000\/42"/],
    [['--priors', 'docs'], /docs has no predictions for /],
  ]
  for (const [args, said] of mistakes) {
    const { stderr, exitCode } = await fulcrum(['tune', run, ...args])
    assert.equal(exitCode, 2)
    assert.match(stderr, said)
  }
})
