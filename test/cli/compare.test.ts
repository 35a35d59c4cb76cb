import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { writtenRun } from '../journal/written-run.ts'
import { noisyRun } from '../render/noisy-run.ts'
import { aggregated, disaggregated, failed } from '../render/synthetic-run.ts'
import { fulcrum, temporaryFolder } from './fulcrum.ts'

const options = {
  sweep: 'nightly',
  workloads: [[1000, 1000] as const],
  topologies: [aggregated(2), disaggregated(1, 1)],
  concurrencies: [4, 16],
  repeats: 4,
}
const atDay = (day: number) => new Date(Date.UTC(2026, 0, day))

describe('fulcrum compare', () => {
  let place: Awaited<ReturnType<typeof temporaryFolder>>
  let runs: string[]
  before(async () => {
    place = await temporaryFolder()
    runs = []
    for (const [day, slowdown] of [1, 1, 1.3].entries())
      runs.push(await writtenRun(noisyRun(options, { seed: day, slower: () => slowdown }), place.path, atDay(day + 1)))
  })
  after(() => place[Symbol.asyncDispose]())
  const run = (index: number) => runs[index] ?? ''

  test('says that a slower run is slower, by how much, and exits with 0 without a gate', async () => {
    const { stdout, exitCode } = await fulcrum(['compare', run(0), run(2)])
    assert.equal(exitCode, 0)
    assert.match(stdout, /Shown slower at 4 of 4 points\./)
    assert.match(stdout, /ITL p95 .* \+\d\d% .*slower/)
  })

  test('exits with 1 when a gate is broken, and with 0 when it holds', async () => {
    const gate = ['--fail-on', 'itl_p95>5%']
    assert.equal((await fulcrum(['compare', run(0), run(2), ...gate])).exitCode, 1)
    assert.equal((await fulcrum(['compare', run(0), run(1), ...gate])).exitCode, 0)
  })

  test('exits with 1 when a head lost what the base measured, and says so for each head', async () => {
    await using other = await temporaryFolder()
    const dead = noisyRun(options, { seed: 9 })
    const lost = await writtenRun(
      { ...dead, results: dead.results.map(result => failed(result, 'HTTP 503')) },
      other.path,
      atDay(9),
    )
    const gate = ['--fail-on', 'itl_p95>5%', '--fail-on', 'slo']
    const { stdout, exitCode } = await fulcrum(['compare', run(0), run(1), lost, ...gate])
    assert.equal(exitCode, 1)
    assert.match(stdout, /^ {2}itl_p95>5%: passed at 4 points\n {2}slo: passed for 1000\/1000$/m)
    assert.match(stdout, /^ {2}itl_p95>5%: not tested: HEAD failed at 4 of 4 points that BASE measured$/m)
    assert.match(stdout, /^ {2}slo: not tested: 1000\/1000: 4 of 4 points failed$/m)
    assert.equal((await fulcrum(['compare', run(0), lost])).exitCode, 0, 'no gate was asked for')
  })

  test('refuses a threshold that is none, with exit code 2', async () => {
    const { stderr, exitCode } = await fulcrum(['compare', run(0), run(1), '--fail-on', 'speed>fast'])
    assert.equal(exitCode, 2)
    assert.doesNotMatch(stderr, /\n {4}at /)
  })

  test('writes page, comment, JSON, JUnit and every chart, and prints the JSON when asked', async () => {
    const to = join(place.path, 'comparison')
    const { stdout, exitCode } = await fulcrum(['compare', run(0), run(2), '--to', to, '--json'])
    assert.equal(exitCode, 0)
    const names = await readdir(to)
    const whole = names.filter(name => !/\.(svg|vl\.json)$/.test(name))
    assert.deepEqual(whole.sort(), ['comparison.html', 'comparison.json', 'comparison.md', 'junit.xml'])
    for (const ending of ['.svg', '.vl.json'])
      assert.ok(names.filter(name => name.endsWith(ending)).length >= 2, ending)
    assert.deepEqual(JSON.parse(stdout), JSON.parse(await readFile(join(to, 'comparison.json'), 'utf8')))
  })

  test('several heads get one page with what came of each, and a folder each', async () => {
    const to = join(place.path, 'heads')
    const { stdout } = await fulcrum(['compare', run(0), run(1), run(2), '--to', to, '--fail-on', 'itl_p95>5%'])
    assert.ok(stdout.endsWith(`all heads: ${join(to, 'comparison.html')}`))
    const page = await readFile(join(to, 'comparison.html'), 'utf8')
    assert.match(page, /<h1>nightly: 2 heads against nightly 2026-01-01<\/h1>/)
    assert.match(page, /Shown slower at 4 of 4 points/)
    assert.match(page, /<em>itl_p95&gt;5%: failed at 4 of 4 points<\/em>/)
    const links = [...new Set([...page.matchAll(/href="([^"#]+\/comparison\.html)"/g)].map(([, link]) => link ?? ''))]
    assert.equal(links.length, 2)
    for (const link of links) assert.match(await readFile(join(to, link), 'utf8'), /Fulcrum comparison/)
  })

  test('in GitHub Actions appends to the step summary and annotates broken gates', async () => {
    const summary = join(place.path, 'summary.md')
    const { stderr } = await fulcrum(['compare', run(0), run(2), '--fail-on', 'itl_p95>5%'], {
      env: { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary },
    })
    assert.match(stderr, /^::error /m)
    assert.match(await readFile(summary, 'utf8'), /slower/)
  })

  test('holds a run against the baseline of its sweep, once one is set', async () => {
    const without = await fulcrum(['compare', 'baseline', run(2)])
    assert.equal(without.exitCode, 2)
    assert.match(without.stderr, /No baseline is set/)
    assert.equal((await fulcrum(['baseline', 'set', run(0), '--out', place.path])).exitCode, 0)
    const { stdout } = await fulcrum(['baseline', 'show', '--out', place.path, '--json'])
    assert.deepEqual(JSON.parse(stdout), { sweep: 'nightly', folder: run(0), youngerRuns: 2 })
    const against = await fulcrum(['compare', 'baseline', run(2)])
    assert.equal(against.stdout, (await fulcrum(['compare', run(0), run(2)])).stdout)
  })
})
