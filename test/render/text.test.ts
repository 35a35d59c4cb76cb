import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { analyse } from '../../src/analysis/analyse.ts'
import { shellWord } from '../../src/model/index.ts'
import { escapeHtml, html, jsonForScript } from '../../src/render/html/html.ts'
import { classicScript } from '../../src/render/html/inline-script.ts'
import { escapeMarkdown, summaryMarkdown } from '../../src/render/markdown/summary.ts'
import { change, duration, figure, time } from '../../src/render/views/format.ts'
import { frontierTable } from '../../src/render/views/frontier-table.ts'
import { reportOf } from '../../src/render/views/report.ts'
import { invalid, syntheticRun } from './synthetic-run.ts'

test('figures have three significant digits, thousands apart, and a dash for what was not measured', () => {
  assert.deepEqual([1234.5, 123.4, 12.345, 0.012345, 0, null].map(figure), ['1,235', '123', '12.3', '0.0123', '0', '–'])
})

test('times change from ms to s at a second', () => {
  assert.deepEqual([187.3, 999, 1000, 2134, null].map(time), ['187 ms', '999 ms', '1 s', '2.13 s', '–'])
})

test('changes carry their sign', () => {
  assert.deepEqual([0.123, -0.0345, 0].map(change), ['+12%', '−3.5%', '0%'])
})

test('durations read as a person would say them', () => {
  assert.deepEqual([41.2, 200, 7500].map(duration), ['41 s', '3 min 20 s', '2 h 5 min'])
})

test('a value in an HTML template is escaped, a template in a template is not', () => {
  assert.equal(
    html`<p title="${'"'}">${html`<b>${'<'}</b>`}${['a', '&']}${null}${3}</p>`.html,
    '<p title="&quot;"><b>&lt;</b>a&amp;3</p>',
  )
})

test('no text can leave its HTML element or attribute', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), text => assert.ok(!/[<>"']/.test(escapeHtml(text)))))
})

test('JSON in a script element cannot close it and reads back the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      const { html: json } = jsonForScript([text, '</script><!--'])
      assert.ok(!json.includes('<'))
      assert.deepEqual(JSON.parse(json), [text, '</script><!--'])
    }),
  )
})

test('a module of known shape becomes a classic script, any other is refused', () => {
  const script = classicScript("import { a } from 'vega-util';\nconst b = a;\nexport { b as c, a };\n", 'made')
  const scope: { vega: { a: number }; made?: unknown; globalThis?: unknown } = { vega: { a: 3 } }
  new Function('globalThis', 'vega', script)(scope, scope.vega)
  assert.deepEqual(scope.made, { c: 3, a: 3 })
  assert.throws(() => classicScript("import x from 'd3';\nexport { x };\n", 'made'), RangeError)
  assert.throws(() => classicScript('const x = 1;\n', 'made'), RangeError)
})

test('shell words are quoted where a shell would read more into them', () => {
  assert.equal(shellWord('sweeps/quick.yaml'), 'sweeps/quick.yaml')
  assert.equal(shellWord("it's $HOME"), `'it'\\''s $HOME'`)
})

test('the frontier table has the frontier of every workload and marks one recommendation for each', () => {
  const analysis = analyse(syntheticRun())
  const rows = frontierTable(analysis)
  assert.equal(
    rows.length,
    analysis.workloads.reduce((sum, workload) => sum + workload.frontier.length, 0),
  )
  for (const { name } of analysis.workloads)
    assert.ok(rows.filter(row => row.workload === name && row.recommended).length <= 1)
})

test('the summary names the recommendation, the frontier and what was left out', () => {
  const run = syntheticRun({ change: (r, i) => (i === 3 ? invalid(r, 'the client was late') : r) })
  const report = reportOf(analyse(run))
  const markdown = summaryMarkdown(report)
  for (const { recommendation } of report.analysis.workloads)
    assert.ok(markdown.includes(`**${recommendation.best?.label} at concurrency`))
  assert.ok(markdown.includes('- 1 × invalid: the client was late'))
})

test('text from outside stays text in Markdown', () => {
  assert.equal(escapeMarkdown('a|b\n<img> [x](y) @team `c`'), 'a\\|b &lt;img&gt; \\[x\\](y) @\u200bteam \\`c\\`')
})
