/**
 * What large sweeps cost: planning 10,000 points, resuming and reporting runs of 5,000, and the decisions of a search
 * among 10,000. Every shape of a large sweep by itself (test/plan/large-sweeps.ts), each command in a process of its
 * own, as a user starts it. Results are synthetic: what is measured is Fulcrum's own work.
 *
 *   node bench/scale.ts                          all tables of docs/bench/scale.md
 *   node bench/scale.ts plan|runs|search [SHAPE]   one of them
 *   node bench/scale.ts make FOLDER FILE           a run of a sweep file with synthetic results, to look at
 */
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { createRun, type JournalEvent, type JournalLine, journalFile, readRun } from '../src/journal/index.ts'
import { encodeLine } from '../src/journal/line.ts'
import { createRandom, type Point } from '../src/model/index.ts'
import { planSweep } from '../src/plan/plan.ts'
import { adaptive } from '../src/search/adaptive.ts'
import { loadSweep } from '../src/spec/load-sweep.ts'
import type { Plan } from '../src/spec/sweep.ts'
import { largeSweeps } from '../test/plan/large-sweeps.ts'
import { syntheticMeasurement } from '../test/render/synthetic-run.ts'
import { type SyntheticSystem, resultOf as systemResult } from '../test/search/synthetic.ts'

const repository = join(import.meta.dirname, '..')
const row = (cells: readonly (string | number)[]) => console.log(`| ${cells.join(' | ')} |`)
const head = (cells: readonly string[]) => {
  row(cells)
  row(cells.map((_, i) => (i === 0 ? '---' : '---:')))
}
const seconds = (s: number) => `${s.toFixed(2)} s`

/** A command's wall and CPU time and the most memory it took; it must end with 0. */
async function timed(args: readonly string[], folder: string) {
  const started = performance.now()
  const { stdout, stderr } = await execa('/usr/bin/time', ['-f', '%U %S %M', process.execPath, ...args], {
    cwd: folder,
    // Compiled code is kept between starts, as `fulcrum` does.
    env: { FORCE_COLOR: '0', NO_COLOR: '1', NODE_COMPILE_CACHE: join(folder, 'compiled') },
    maxBuffer: 2 ** 30,
  })
  const wallS = (performance.now() - started) / 1000
  const [user = 0, system = 0, kib = 0] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number)
  return { wallS, cpuS: user + system, peakMb: kib / 1000, stdout }
}

const fulcrum = join(repository, 'bin/fulcrum.js')

async function sweepFile(folder: string, shape: string, text: string): Promise<string> {
  const file = join(folder, `${shape.replaceAll(' ', '-')}.yaml`)
  await writeFile(file, text)
  return file
}

async function plans(folder: string, only: string | undefined): Promise<void> {
  console.log('\n## Plans of 10,000 points\n')
  head(['shape', 'points', 'deployments', '`plan`', 'CPU', 'memory', '`plan --json`', 'size', '`run --dry-run`'])
  for (const [shape, text] of Object.entries(largeSweeps(10_000))) {
    if (only !== undefined && shape !== only) continue
    const file = await sweepFile(folder, shape, text)
    const plan = await timed([fulcrum, 'plan', file], folder)
    const json = await timed([fulcrum, 'plan', file, '--json'], folder)
    const dry = await timed([fulcrum, 'run', file, '--dry-run'], folder)
    const { pointCount, deployments } = JSON.parse(json.stdout)
    row([
      shape,
      pointCount.toLocaleString('en-US'),
      deployments.length.toLocaleString('en-US'),
      seconds(plan.wallS),
      seconds(plan.cpuS),
      `${plan.peakMb.toFixed(0)} MB`,
      seconds(json.wallS),
      `${(json.stdout.length / 1e6).toFixed(1)} MB`,
      seconds(dry.wallS),
    ])
  }
}

/** A run of a sweep, measured but for its last point: its journal's lines have the size of real ones. */
async function makeRun(folder: string, file: string): Promise<{ readonly run: string; readonly plan: Plan }> {
  const sweep = await loadSweep(file)
  const plan = planSweep(sweep)
  const real = await readRun(join(repository, 'results/baseline/quick'))
  const measured = real.results.find(({ measurement }) => measurement !== null)?.measurement
  const created = await createRun(folder, {
    sweep,
    command: ['fulcrum', 'run', file],
    files: sweep.fingerprints,
    plan: {
      points: plan.pointCount,
      deployments: plan.deployments.length,
      workersStarted: plan.cost.workersStarted,
      lowerBound: plan.lowerBound,
      exact: plan.exact,
    },
  })
  await created.close()
  const events: JournalEvent[] = []
  const points = plan.deployments.flatMap(({ points }) => points)
  for (const point of points.slice(0, -1)) {
    const measurement = { ...measured, ...syntheticMeasurement(point) }
    events.push({ type: 'point', elapsedS: 60, result: { point, status: 'ok', reason: '', findings: [], measurement } })
  }
  const at = new Date().toISOString()
  const lines = events.map((event, seq) => encodeLine({ seq, at, event }))
  await writeFile(join(created.folder, journalFile), Buffer.concat(lines))
  return { run: created.folder, plan }
}

async function runs(folder: string, only: string | undefined): Promise<void> {
  console.log('\n## Runs of 5,000 points\n')
  head([
    'shape',
    'workloads',
    'journal',
    'resumed after',
    'CPU',
    'report',
    'CPU',
    'memory',
    'page',
    'files',
    'all files',
  ])
  let isCompiled = false
  for (const [shape, text] of Object.entries(largeSweeps(5000))) {
    if (only !== undefined && shape !== only) continue
    const results = join(folder, 'results')
    await mkdir(results, { recursive: true })
    const { run, plan } = await makeRun(results, await sweepFile(folder, shape, text))
    if (!isCompiled) await timed([import.meta.filename, 'until-deploying', run], folder)
    isCompiled = true
    const { size } = await stat(join(run, journalFile))
    const resumed = await timed([import.meta.filename, 'until-deploying', run], folder)
    const { wallMs, cpuMs } = JSON.parse(resumed.stdout) as { wallMs: number; cpuMs: number }
    const report = await timed([fulcrum, 'report', run, '--json'], folder)
    const { files } = JSON.parse(report.stdout) as { files: readonly string[] }
    const sizes = await Promise.all(files.map(async file => (await stat(file)).size))
    row([
      shape,
      plan.sweep.workloads.length,
      `${(size / 1e6).toFixed(0)} MB`,
      seconds(wallMs / 1000),
      seconds(cpuMs / 1000),
      seconds(report.wallS),
      seconds(report.cpuS),
      `${report.peakMb.toFixed(0)} MB`,
      `${((await stat(join(run, 'report/index.html'))).size / 1e6).toFixed(1)} MB`,
      files.length,
      `${(sizes.reduce((sum, each) => sum + each, 0) / 1e6).toFixed(0)} MB`,
    ])
    await rm(results, { recursive: true })
  }
}

/** Goes on with a run until it deploys; prints the time since this process started. */
async function untilDeploying(run: string): Promise<void> {
  const { resumeRun } = await import('../src/commands/resume.ts')
  const stop = new AbortController()
  let until: { readonly wallMs: number; readonly cpuMs: number } | null = null
  await resumeRun({
    folder: run,
    resultsRoot: join(run, '../..'),
    acceptRevision: true,
    signal: stop.signal,
    onProgress: ({ step }) => {
      if (step !== 'deploying' && step !== 'measuring') return
      const { user, system } = process.cpuUsage()
      until ??= { wallMs: performance.now(), cpuMs: (user + system) / 1000 }
      stop.abort(new Error('seen enough'))
    },
  })
  console.log(JSON.stringify(until))
}

/** A system of workers whose speed depends on the workload and on their settings. */
const systemOf = ({ workload, deployment }: Point): SyntheticSystem => {
  const random = createRandom(JSON.stringify([workload.name, deployment.engine]))
  const prefillS = 0.02 + 0.2 * random.uniform()
  return {
    prefillS,
    prefillPerS: (1 + random.uniform()) / prefillS,
    itlS: 0.005 + 0.01 * random.uniform(),
    itlPerSequenceS: 1e-4 * (0.5 + random.uniform()),
    osl: 100 + random.integer(100),
    ttftLimitMs: 2000,
  }
}

async function search(folder: string, only: string | undefined): Promise<void> {
  console.log('\n## A search among 10,000 points\n')
  head(['shape', 'measured', 'a decision, mean', 'slowest', 'all decisions', 'memory'])
  for (const [shape, text] of Object.entries(largeSweeps(10_000))) {
    if (only !== undefined && shape !== only) continue
    const file = await sweepFile(folder, shape, text)
    const { stdout, peakMb } = await timed([import.meta.filename, 'decide', file], folder)
    const { measured, meanMs, slowestMs, totalS } = JSON.parse(stdout)
    row([
      shape,
      measured,
      `${meanMs.toFixed(0)} ms`,
      `${slowestMs.toFixed(0)} ms`,
      seconds(totalS),
      `${peakMb.toFixed(0)} MB`,
    ])
  }
}

/** Searches a sweep on a synthetic system, to its end or to this many points. */
const mostMeasured = 150

async function decide(file: string): Promise<void> {
  const plan = planSweep({ ...(await loadSweep(file)), search: 'adaptive' })
  const choice = adaptive(plan)
  const lines: JournalLine[] = []
  const tookMs: number[] = []
  while (lines.length < mostMeasured) {
    const from = performance.now()
    const planned = choice.deployment(lines)
    const point = planned === null ? undefined : choice.point(planned, lines)
    tookMs.push(performance.now() - from)
    if (point === undefined) break
    const result = systemResult(point, systemOf(point))
    lines.push({ seq: lines.length, at: '', event: { type: 'point', result, elapsedS: 60 } })
  }
  const totalMs = tookMs.reduce((sum, ms) => sum + ms, 0)
  const slowestMs = tookMs.reduce((a, b) => Math.max(a, b))
  console.log(
    JSON.stringify({ measured: lines.length, meanMs: totalMs / tookMs.length, slowestMs, totalS: totalMs / 1000 }),
  )
}

const [what, of] = process.argv.slice(2)
if (what === 'until-deploying') await untilDeploying(of ?? '')
else if (what === 'decide') await decide(of ?? '')
else if (what === 'make') console.log((await makeRun(of ?? '', process.argv[4] ?? '')).run)
else {
  console.log(
    `Load average at the start: ${loadavg()
      .map(load => load.toFixed(1))
      .join(', ')}`,
  )
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-bench-scale-'))
  try {
    if (what === undefined || what === 'plan') await plans(folder, of)
    if (what === undefined || what === 'runs') await runs(folder, of)
    if (what === undefined || what === 'search') await search(folder, of)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
