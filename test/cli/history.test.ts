import assert from 'node:assert/strict'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { writtenRun } from '../journal/written-run.ts'
import { launchChromium } from '../render/browser.ts'
import { noisyRun } from '../render/noisy-run.ts'
import { aggregated, disaggregated, failed } from '../render/synthetic-run.ts'
import { fulcrum, temporaryFolder } from './fulcrum.ts'

const options = {
  sweep: 'nightly',
  workloads: [[1000, 1000] as const],
  topologies: [aggregated(2), disaggregated(1, 1)],
  concurrencies: [4, 16],
  repeats: 3,
}

describe('fulcrum history', () => {
  let place: Awaited<ReturnType<typeof temporaryFolder>>
  const runs: string[] = []
  before(async () => {
    place = await temporaryFolder()
    for (let day = 1; day <= 12; day++)
      runs.push(
        await writtenRun(
          noisyRun(options, { seed: day, slower: () => (day > 7 ? 1.25 : 1) }),
          place.path,
          new Date(Date.UTC(2026, 0, day, 3)),
        ),
      )
  })
  after(() => place[Symbol.asyncDispose]())

  test('names the day of a lasting change, in lines of at most 80 columns', async () => {
    const { stdout, exitCode } = await fulcrum(['history', '--out', place.path])
    assert.equal(exitCode, 0)
    assert.match(stdout, /^nightly: 12 runs, \d+ lasting changes/)
    assert.match(stdout, /^since 2026-01-08 03:00 \(before: 2026-01-07 03:00\)$/m)
    assert.match(stdout, /^ {2}ITL p95 of 1P1D, 1000\/1000, concurrency 4: worse by \+2\d%$/m)
    const rows = stdout.split('\n')
    assert.deepEqual(
      rows.filter(line => line.length > 80),
      [],
    )
  })

  test('gives every value and change as JSON, and what it rests on', async () => {
    const { stdout } = await fulcrum(['history', 'nightly', '--out', place.path, '--json'])
    const history = JSON.parse(stdout)
    assert.equal(history.runs.length, 12)
    assert.match(history.method, /autoregressive noise/)
    assert.ok(history.changes.every((change: { run: string }) => change.run === history.runs[7].runId))
    assert.equal(history.trends.find((t: { figure: string }) => t.figure === 'itl_p95_ms').values.length, 12)
  })

  test('fails on a threshold that a lasting change has broken, and on no other', async () => {
    const asked = (threshold: string) => fulcrum(['history', '--out', place.path, '--fail-on', threshold])
    const broken = await asked('itl_p95>5%')
    assert.equal(broken.exitCode, 1)
    assert.match(broken.stdout, /itl_p95>5%: failed at 4 of its series: .* since 2026-01-08 03:00/)
    assert.equal((await asked('itl_p95>60%')).exitCode, 0)
    assert.equal((await asked('itl_p95')).exitCode, 2)
  })

  test('fails on newest nights that measured nothing, and says so', async () => {
    await using other = await temporaryFolder()
    for (let day = 1; day <= 10; day++) {
      const run = noisyRun(options, { seed: day })
      const results = day > 8 ? run.results.map(result => failed(result, 'HTTP 503')) : run.results
      await writtenRun({ ...run, results }, other.path, new Date(Date.UTC(2026, 0, day, 3)))
    }
    const gates = ['--fail-on', 'itl_p95>5%', '--fail-on', 'itl_p95>10s', '--fail-on', 'slo']
    const { stdout, exitCode } = await fulcrum(['history', '--out', other.path, ...gates])
    assert.equal(exitCode, 1)
    assert.equal(stdout.match(/: not tested: the 2 newest runs measured nothing valid/g)?.length, 3)
    const json = await fulcrum(['history', '--out', other.path, ...gates, '--json'])
    const { gateBroken, thresholds } = JSON.parse(json.stdout)
    assert.equal(gateBroken, true)
    assert.deepEqual(
      thresholds.map(({ outcome }: { outcome: string }) => outcome),
      ['not tested', 'not tested', 'not tested'],
    )
    assert.equal((await fulcrum(['history', '--out', other.path])).exitCode, 0, 'no gate was asked for')
  })

  test('does not take the oldest run for a baseline that is older than those followed', async () => {
    await using other = await temporaryFolder()
    const folders = []
    for (let day = 1; day <= 10; day++)
      folders.push(await writtenRun(noisyRun(options, { seed: day }), other.path, new Date(Date.UTC(2026, 0, day, 3))))
    await fulcrum(['baseline', 'set', folders[0] ?? '', '--out', other.path])
    const asked = (last: string) => fulcrum(['history', '--out', other.path, '--fail-on', 'itl_p95>5%', '--last', last])
    const { stdout, exitCode } = await asked('9')
    assert.equal(exitCode, 1)
    assert.match(stdout, /not tested: the baseline \(.*\) is older than the newest 9 runs; use --last 10,/)
    assert.equal((await asked('10')).exitCode, 0)
  })

  test('takes a sweep that is not there for a mistake and names the one that was meant', async () => {
    const { stderr, exitCode } = await fulcrum(['history', 'nigthly', '--out', place.path])
    assert.equal(exitCode, 2)
    assert.match(stderr, /Did you mean nightly\?/)
  })

  test('refuses a baseline file that leads out of the sweep', async () => {
    await using other = await temporaryFolder()
    const folder = await writtenRun(noisyRun(options, { seed: 1 }), other.path, new Date(0))
    await mkdir(join(other.path, 'nightly'), { recursive: true })
    await writeFile(join(other.path, 'nightly', 'baseline.json'), JSON.stringify({ schema: 1, run: '../../etc' }))
    const { stderr, exitCode } = await fulcrum(['compare', 'baseline', folder])
    assert.equal(exitCode, 2)
    assert.match(stderr, /baseline is damaged/)
  })

  test('writes one page that opens in Chromium without a complaint or sideways scrolling', async () => {
    await fulcrum(['baseline', 'set', runs[2] ?? '', '--out', place.path])
    const to = join(place.path, 'pages')
    const { stdout } = await fulcrum(['history', '--out', place.path, '--to', to])
    assert.match(stdout, /page: .*history\.html/)
    const names = await readdir(to)
    assert.ok(names.includes('history.json'))
    assert.ok(names.includes('trend-1-hypervolume-1000-1000-frontier-all.vl.json'))
    assert.equal(
      names.filter(name => name.endsWith('.svg')).length,
      names.filter(name => name.endsWith('.vl.json')).length,
    )
    const browser = await launchChromium()
    await using cleanup = new AsyncDisposableStack()
    cleanup.defer(() => browser.close())
    for (const width of [360, 1600]) {
      const page = await browser.newPage({ viewport: { width, height: 900 } })
      const complaints: string[] = []
      page.on('console', message => complaints.push(message.text()))
      await page.goto(pathToFileURL(join(to, 'history.html')).href)
      assert.deepEqual(complaints, [])
      assert.match((await page.locator('h1').textContent()) ?? '', /nightly: \d+ lasting changes, at 1 run/)
      assert.match((await page.locator('.meta').textContent()) ?? '', /baseline 2026-01-03/)
      assert.equal(await page.locator('figure:not(:has(table))').count(), 0)
      assert.ok((await page.locator('figure .when-light svg').count()) >= 2)
      assert.equal(
        await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
        0,
      )
      await page.close()
    }
  })
})
