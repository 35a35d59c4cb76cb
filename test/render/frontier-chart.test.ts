import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { analyse } from '../../src/analysis/analyse.ts'
import { frontierText } from '../../src/render/terminal/frontier.ts'
import { frontierChart } from '../../src/render/terminal/frontier-chart.ts'
import { screenOf } from '../../src/render/terminal/screen.ts'
import type { FrontierRow } from '../../src/render/views/frontier-table.ts'
import { frontierTable } from '../../src/render/views/frontier-table.ts'
import { deploySentence } from '../../src/render/views/recommendation-words.ts'
import { syntheticRun } from './synthetic-run.ts'

const plain = { columns: 80, colour: false }
const row = (x: number, y: number, deployment: string, recommended = false): FrontierRow => ({
  workload: '8000/256',
  deployment,
  load: 'concurrency 1',
  gpus: '8',
  x,
  y,
  tokensPerSPerUser: '',
  tokensPerSPerGpu: '',
  ttftP95: '',
  itlP95: '',
  slo: 'yes',
  recommended,
})

describe('the frontier in the terminal', () => {
  test('stands from top left to bottom right, its steps between, the recommended one a capital', () => {
    const chart = frontierChart([row(10, 100, '2P1D'), row(20, 50, '1P1D', true), row(30, 0, 'agg x2')], {
      columns: 33,
      colour: false,
    })
    assert.equal(
      chart,
      `8000/256: output tokens/s per GPU (up) against per user (right)
100 │a
    ││
    ││
    ││
    ││
    │└─────────────B
    │              │
    │              │
    │              │
    │              │
  0 │              └────────────c
    └────────────────────────────
     10                        30
a 2P1D  b 1P1D  c agg x2
capital letter: recommended`.replaceAll(/^ {4}(?=[│└])/gm, '    '),
    )
  })

  test('is not drawn for a single point', () => {
    assert.equal(frontierChart([row(1, 1, 'a'), row(1, 1, 'b')], plain), '')
  })

  test('never exceeds the columns that there are, whatever the figures', () => {
    const point = fc.record({
      x: fc.double({ min: 0, max: 1e6, noNaN: true }),
      y: fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
      name: fc.stringMatching(/^[A-Za-z0-9 ]{1,12}$/),
    })
    fc.assert(
      fc.property(
        fc.array(point, { minLength: 2, maxLength: 40 }),
        fc.integer({ min: 64, max: 200 }),
        (points, columns) => {
          const frontier = points.toSorted((a, b) => a.x - b.x).map(({ x, y, name }) => row(x, y, name))
          for (const line of frontierChart(frontier, { columns, colour: false }).split('\n'))
            assert.ok(line.length <= columns, line)
        },
      ),
    )
  })

  test('gives a deployment one letter in the pictures of all workloads', () => {
    const rows = [
      row(10, 100, '2P1D'),
      row(20, 50, '1P1D'),
      { ...row(10, 100, '1P1D', true), workload: '1000/40' },
      { ...row(20, 50, 'agg x2'), workload: '1000/40' },
    ]
    const text = frontierText(rows, plain)
    assert.match(text, /^a 2P1D {2}b 1P1D$/m)
    assert.match(text, /^b 1P1D {2}c agg x2$/m)
    assert.match(text, /^B {2}1P1D /m)
    assert.match(text, /^c {2}agg x2 /m)
  })

  test('is followed by a sentence that says what to deploy, whether or not that lies on a frontier', () => {
    const { workloads } = analyse(syntheticRun({}))
    const [workload] = workloads
    assert.ok(workload !== undefined && workload.recommendation.best !== null)
    const { recommendation, frontier, name } = workload
    const on = deploySentence(name, recommendation, frontier) ?? ''
    assert.match(on, /^Deploy .+ at concurrency \d+ for 8000\/256: [\d.,]+ output tokens\/s per GPU on \d+ GPUs/)
    assert.doesNotMatch(on, /off the frontier/)
    // Points that tie: the one of fewer GPUs need not be on the frontier.
    assert.match(
      deploySentence(name, recommendation, []) ?? '',
      /; it is off the frontier, because a tie goes to fewer GPUs\.$/,
    )
    assert.match(
      deploySentence(name, { ...recommendation, basis: 'missed' }, frontier) ?? '',
      /^Deploy nothing for 8000\/256 yet: no point meets the SLO, and .* comes nearest\.$/,
    )
    assert.equal(deploySentence(name, { basis: 'nothing', best: null, runnerUp: null, caveats: [] }, []), null)
  })

  test('with its table fits 80 columns', () => {
    const text = frontierText(frontierTable(analyse(syntheticRun({ batchSizes: [8, 16] }))), plain)
    assert.deepEqual(
      text.split('\n').filter(line => line.length > 80),
      [],
    )
    assert.match(text, /1000\/1000: output tokens/)
  })

  test('has colour only in a terminal that wants it', () => {
    const terminal = { isTTY: true, columns: 120 }
    assert.deepEqual(screenOf(terminal, {}), { columns: 120, colour: true })
    assert.equal(screenOf(terminal, { NO_COLOR: '1' }).colour, false)
    assert.equal(screenOf(terminal, { TERM: 'dumb' }).colour, false)
    assert.deepEqual(screenOf({}, {}), plain)
    const rows = [row(10, 100, '2P1D'), row(20, 50, '1P1D')]
    assert.ok(frontierChart(rows, { columns: 80, colour: true }).includes('\u001b[34ma'))
    assert.ok(!frontierChart(rows, plain).includes('\u001b'))
  })
})
