// Test part: unit

import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { frontierOf } from '../../src/analysis/frontier.ts'
import { incompleteBeta } from '../../src/metrics/statistics/beta.ts'
import { loadChartTools } from '../../src/render/html/chart-tools.ts'
import { keptWithoutTypes, loadPageModule, moduleOf } from '../../src/render/html/page-module.ts'
import { csvText } from '../../src/render/page/csv.ts'
import { hashOf, listOf, listText, stateOf } from '../../src/render/page/link.ts'
import { panned, rangeOf, shareOf, ticksOf, valueAt, zoomed } from '../../src/render/page/range.ts'
import { parseCsv } from './parse-csv.ts'

test('a page computes a frontier with the code of the analysis', async () => {
  const { text } = await loadPageModule('analysis/frontier', 'frontier')
  const page = runInNewContext(`${text}; frontier`)
  assert.equal(typeof page.dominates, 'function')
  fc.assert(
    fc.property(fc.array(fc.record({ x: fc.nat(20), y: fc.nat(20) })), places => {
      assert.equal(JSON.stringify(page.frontierOf(places)), JSON.stringify(frontierOf(places)))
    }),
  )
})

test('a module comes with those that it imports from, each once, through index files', async () => {
  const { text } = await loadPageModule('analysis/load-label', 'labels')
  const { loadLabel } = runInNewContext(`${text}; labels`)
  const level = { kind: 'stages', stages: [{ requestsPerS: 5 }, { requestsPerS: 20 }] }
  assert.equal(loadLabel(level), 'ramp to 20 requests/s')
  assert.equal(text.match(/function largest/g)?.length, 1)
  assert.doesNotMatch(text, /topologyLabel/)
})

test('the text without types is kept by its content', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-without-types-'))
  t.after(() => rm(folder, { recursive: true }))
  assert.equal((await keptWithoutTypes('const a: number = 1', folder)).replace(/ +/g, ' '), 'const a = 1')
  const [kept = '', ...others] = await readdir(folder)
  assert.deepEqual(others, [])
  await writeFile(join(folder, kept), 'const a = 2')
  assert.equal(await keptWithoutTypes('const a: number = 1', folder), 'const a = 2')
  assert.equal((await keptWithoutTypes('const b: number = 1', folder)).replace(/ +/g, ' '), 'const b = 1')
  assert.match(await keptWithoutTypes('let c: string', join(folder, 'missing')), /^let c/)
})

test('a module that needs Node or a package is refused by name', async () => {
  await assert.rejects(loadPageModule('model/identity', 'x'), /identity\.ts: a page can't have ".*node:crypto/)
  await assert.rejects(loadPageModule('model/builtin-tokenizer', 'x'), /a page can't have "import .*node:/)
  assert.equal(moduleOf("import * as a from './a.ts'\n").unusable, "import * as a from './a.ts'")
  assert.equal(moduleOf('export default () => 3\n').unusable, 'export default () => 3')
  assert.equal(moduleOf("import { a } from 'zod'\n").unusable, "import { a } from 'zod'")
})

test('a function of a package that is made of such modules comes along, without the rest of it', async () => {
  const { text } = await loadPageModule('metrics/statistics/beta', 'beta')
  const page = runInNewContext(`${text}; beta`)
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(50), fc.nat(50), (x, a, b) =>
      assert.equal(page.incompleteBeta(x, a + 1, b + 1), incompleteBeta(x, a + 1, b + 1)),
    ),
  )
  assert.ok(text.length < 10_000)
})

test('modules are read as TypeScript compiles them, too', () => {
  const module = moduleOf('import { a as b, c } from "./x.js";\nexport const d = b + c;\nexport { e } from "./y.js";\n')
  assert.deepEqual(module.imports, [
    { from: './x.js', name: 'a', as: 'b' },
    { from: './x.js', name: 'c', as: 'c' },
  ])
  assert.deepEqual(module.handedOn, [{ from: './y.js', name: 'e', as: 'e' }])
  assert.deepEqual(module.exports, ['d'])
  assert.equal(module.unusable, null)
})

test('taking types out of the sources prints no warning', async () => {
  const warned: unknown[] = []
  const listen = (warning: unknown) => warned.push(warning)
  process.on('warning', listen)
  await loadChartTools()
  await new Promise(resolve => setImmediate(resolve))
  process.off('warning', listen)
  assert.deepEqual(warned, [])
})

test('CSV of any texts reads back as it was, but for what a spreadsheet would run', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string(), fc.oneof(fc.constant(null), fc.double({ noNaN: true }))), { minLength: 1 }),
      rows => {
        const read = parseCsv(csvText(['text', 'number'], rows))
        assert.equal(read.length, rows.length)
        for (const [i, [text, number]] of rows.entries()) {
          const expected = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
          assert.equal(read[i]?.text, expected)
          assert.equal(read[i]?.number, number === null ? '' : String(number))
        }
      },
    ),
  )
})

const ranges = fc
  .tuple(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), fc.double({ min: 1.01, max: 1e4, noNaN: true }), fc.boolean())
  .map(([min, times, log]) => ({ min, max: min * times, log }))
const near = (a: number, b: number) => Math.abs(a - b) <= 1e-6 * Math.max(Math.abs(a), Math.abs(b), 1e-6)

test('what is under the pointer stays there through a zoom', () => {
  fc.assert(
    fc.property(
      ranges,
      fc.double({ min: 0.1, max: 10, noNaN: true }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (range, factor, at) => {
        const value = valueAt(range, at)
        const after = zoomed(range, factor, at)
        assert.ok(Math.abs(shareOf(after, value) - at) < 1e-6)
        assert.ok(!range.log || after.min > 0)
      },
    ),
  )
})

test('moving a range there and back changes nothing', () => {
  fc.assert(
    fc.property(ranges, fc.double({ min: -0.5, max: 0.5, noNaN: true }), (range, share) => {
      const back = panned(panned(range, share), -share)
      assert.ok(near(back.min, range.min) && near(back.max, range.max))
    }),
  )
})

test('a range holds every value, and on a logarithmic axis every one above 0', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true })), fc.boolean(), (values, log) => {
      const { min, max } = rangeOf(values, log)
      assert.ok(min < max)
      for (const value of values) if (!log || value > 0) assert.ok(min <= value && value <= max)
    }),
  )
})

test('marks of an axis are round, rising, within it and neither none nor a crowd', () => {
  fc.assert(
    fc.property(ranges, fc.integer({ min: 3, max: 10 }), (range, about) => {
      const ticks = ticksOf(range, about)
      assert.ok(ticks.length >= 1 && ticks.length <= 3 * about, `${ticks}`)
      for (const [i, tick] of ticks.entries()) {
        assert.ok(tick >= range.min * (1 - 1e-9) && tick <= range.max * (1 + 1e-9))
        if (i > 0) assert.ok(tick > (ticks[i - 1] ?? 0))
      }
    }),
  )
})

test('a link says what was chosen and nothing else, and keeps the keys of others', () => {
  const defaults = { x: 'a', y: '' }
  assert.equal(hashOf({ x: 'a', y: '' }, defaults, '#workload=8000'), 'workload=8000')
  assert.equal(hashOf({ x: 'b', y: '1' }, defaults, '#x=c'), 'x=b&y=1')
  fc.assert(
    fc.property(fc.string(), fc.string(), (x, y) => {
      const read = { ...defaults, ...stateOf(`#${hashOf({ x, y }, defaults)}`, ['x', 'y']) }
      assert.deepEqual(read, { x, y })
    }),
  )
})

test('a list of any texts survives a link', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1, unit: 'grapheme' })), values =>
      assert.deepEqual(listOf(listText(values)), values),
    ),
  )
  assert.deepEqual(listOf('a~%E0%A4%A~b'), ['a', 'b'])
})
