import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fulcrum, repository, temporaryFolder } from './fulcrum.ts'

/** A real run of sweeps/quick.yaml, kept in the repository. */
const run = join(repository, 'results/baseline/quick')

interface View {
  readonly serves: boolean
  readonly answer: {
    readonly deployment: string
    readonly nodes: number
    readonly peakRequestsPerS: number
    readonly cost: {
      readonly currency: string | null
      readonly perHour: number
      readonly month: { readonly hours: number; readonly cost: number }
    }
  } | null
  readonly evidence: readonly { readonly pointIds: readonly string[] }[]
}

describe('fulcrum capacity', () => {
  test('answers from a run and flags, in 80 columns, each measured point named', async () => {
    const { stdout, stderr, exitCode } = await fulcrum(['capacity', run, '--rps', '20', '--price', '3'])
    assert.equal(exitCode, 0, stderr)
    assert.match(stdout, /^\d+ × .+ on \d+ nodes/)
    const wide = stdout.split('\n').filter(line => line.length > 80 && !line.startsWith('run: '))
    assert.deepEqual(wide, [])
    const { stdout: json } = await fulcrum(['capacity', run, '--rps', '20', '--price', '3', '--json'])
    const view = JSON.parse(json) as View
    const journal = await readFile(join(run, 'journal.jsonl'), 'utf8')
    assert.ok(view.evidence.length > 0)
    for (const { pointIds } of view.evidence) assert.ok(journal.includes(pointIds[0] ?? 'no id'))
  })
  test('answers the same from a file as from flags', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'plan.yaml')
    const text = `run: ${run}
traffic: { peak_requests_per_s: 20, mix: [{ workload: 8000/24, share: 3 }, { workload: 1000/40, share: 1 }] }
fleet: { gpus_per_node: 8 }
`
    await writeFile(file, text)
    const [byFile, byFlags] = await Promise.all([
      fulcrum(['capacity', file, '--json']),
      fulcrum(['capacity', run, '--rps', '20', '--mix', '8000/24=0.75,1000/40=0.25', '--json']),
    ])
    assert.equal(byFile.exitCode, 0, byFile.stderr)
    assert.deepEqual(JSON.parse(byFile.stdout), JSON.parse(byFlags.stdout))
  })
  test('says plainly that nothing measured serves it, and exits with 1', async () => {
    const nothing = await fulcrum(['capacity', run, '--rps', '1', '--slo-itl-p95', '0.1'])
    assert.equal(nothing.exitCode, 1)
    assert.match(nothing.stdout, /^No measured deployment serves this traffic under the SLO/)
    assert.match(nothing.stdout, /misses the SLO with/)
    const few = await fulcrum(['capacity', run, '--rps', '1000', '--nodes', '2'])
    assert.equal(few.exitCode, 1)
    assert.match(few.stdout, /^Not servable on 2 nodes: needs/)
  })
  test('marks lengths that were not measured', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'plan.yaml')
    await writeFile(
      file,
      'traffic: { peak_requests_per_s: 5, mix: [{ isl: 4000, osl: 30 }] }\nfleet: { gpus_per_node: 8 }\n',
    )
    const { stdout } = await fulcrum(['capacity', file, '--run', run])
    assert.match(stdout, /EXTRAPOLATED/)
  })
  test('reads the kinds of request and the peak from a trace', async () => {
    await using folder = await temporaryFolder()
    const trace = join(folder.path, 'trace.jsonl')
    const lines = Array.from({ length: 240 }, (_, i) =>
      JSON.stringify({
        timestamp: i * 500,
        input_length: i % 4 === 0 ? 8000 : 1000,
        output_length: i % 4 === 0 ? 24 : 40,
      }),
    )
    await writeFile(trace, `${lines.join('\n')}\n`)
    const { stdout, stderr, exitCode } = await fulcrum(['capacity', run, '--trace', trace, '--json'])
    assert.equal(exitCode, 0, stderr)
    assert.equal((JSON.parse(stdout) as View).answer?.peakRequestsPerS, 2)
  })
  for (const [what, flags, shown, code] of [
    ['a currency', ['--price', '3', '--currency', 'eur'], 'EUR', 'EUR'],
    ['a price alone, in units', ['--price', '3'], 'units', null],
    ['no price, in GPU-hours', [], 'GPU-h', null],
  ] as const)
    test(`tells costs of ${what}, and what a month of the traffic is, in every format`, async () => {
      await using folder = await temporaryFolder()
      const asked = ['capacity', run, '--rps', '20', '--day', 'office', ...flags]
      const [terminal, json, markdown, written] = await Promise.all([
        fulcrum(asked),
        fulcrum([...asked, '--json']),
        fulcrum([...asked, '--markdown']),
        fulcrum([...asked, '--to', folder.path]),
      ])
      assert.equal(written.exitCode, 0, written.stderr)
      const month = new RegExp(
        `[Aa] month of this traffic: [\\d,.]+ ${shown} \\(730 hours, every day alike, at 47\\.5% of the peak rate on average: 25 million requests, `,
      )
      const hour = new RegExp(`[\\d.]+ ${shown} per hour; [\\d.]+ ${shown} per million tokens`)
      const html = await readFile(join(folder.path, 'capacity.html'), 'utf8')
      for (const text of [terminal.stdout.replace(/\n {2}/g, ' '), markdown.stdout, html]) {
        assert.match(text, month)
        assert.match(text, hour)
      }
      const { answer } = JSON.parse(json.stdout) as View
      assert.equal(answer?.cost.currency, code)
      assert.deepEqual([answer?.cost.month.hours, answer?.cost.month.cost], [730, 730 * (answer?.cost.perHour ?? 0)])
    })
  test('says in which unit it read the times of a trace, why, and what the other would be; not when it was told', async () => {
    await using folder = await temporaryFolder()
    const trace = join(folder.path, 'seconds.jsonl')
    const lines = Array.from({ length: 3000 }, (_, i) =>
      JSON.stringify({ timestamp: i / 5, input_length: 1000, output_length: 40 }),
    )
    await writeFile(trace, lines.join('\n'))
    const [guessed, told] = await Promise.all([
      fulcrum(['capacity', run, '--trace', trace, '--markdown']),
      fulcrum(['capacity', run, '--trace', trace, '--trace-unit', 's', '--json']),
    ])
    assert.match(guessed.stdout, /^For 5 requests\/s at the peak/m)
    assert.match(
      guessed.stdout,
      /reads them as seconds, because .+In milliseconds, the mean would be 5,000 requests\/s/,
    )
    assert.match(guessed.stdout, /--trace-unit s or ms/)
    assert.equal((JSON.parse(told.stdout) as View).answer?.peakRequestsPerS, 5)
    assert.doesNotMatch(told.stdout, /--trace-unit/)
  })
  test('refuses a trace of one moment, with what to do', async () => {
    await using folder = await temporaryFolder()
    const trace = join(folder.path, 'moment.jsonl')
    const line = JSON.stringify({ timestamp: 1_700_000_000, input_length: 1000, output_length: 40 })
    for (const [text, said] of [
      [line, /has one request, so the trace has no request rate/],
      [
        Array.from({ length: 50 }, () => line).join('\n'),
        /All 50 requests in .* have the same timestamp, so the trace has no request rate/,
      ],
    ] as const) {
      await writeFile(trace, text)
      const { exitCode, stderr } = await fulcrum(['capacity', run, '--trace', trace])
      assert.equal(exitCode, 2)
      assert.match(stderr, said)
      assert.match(stderr, /a trace of at least one minute/)
    }
  })
  test('writes a page, Markdown and JSON', async () => {
    await using folder = await temporaryFolder()
    const { exitCode } = await fulcrum(['capacity', run, '--rps', '5', '--to', folder.path])
    assert.equal(exitCode, 0)
    for (const name of ['capacity.html', 'capacity.md', 'capacity.json'])
      assert.ok((await readFile(join(folder.path, name), 'utf8')).includes('node'))
  })
})
