import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { execa } from 'execa'
import stringWidth from 'string-width'
import { shellCommand } from '../../src/model/index.ts'
import { repository, temporaryFolder } from './fulcrum.ts'

const baseline = join(repository, 'results/baseline')
const green = '\u001b[32m'

/** What a command prints in a terminal of so many columns. */
async function inTerminal(columns: number, args: readonly string[], env: Record<string, string> = {}) {
  const command = shellCommand([process.execPath, join(repository, 'bin/fulcrum.js'), ...args])
  const { stdout } = await execa('script', ['-qec', `stty cols ${columns} rows 60; exec ${command}`, '/dev/null'], {
    reject: false,
    timeout: 120_000,
    stdin: 'ignore',
    env: { TERM: 'xterm', ...env },
  })
  return stdout.replaceAll('\r', '')
}

/** Lines that are for copying stay whole: a path, or a command. */
const isToCopy = (line: string) =>
  /(?:^|\s)\/\S+$|^(?:measure (?:it|again)|run|report|comparison|verify with): /.test(line)

describe('in a terminal', async () => {
  const { code } = await execa('script', ['--version'], { reject: false })
  const skip = code === 'ENOENT' ? 'script is not installed' : false

  for (const columns of [80, 120])
    test(`nothing breaks within a word at ${columns} columns`, { skip }, async () => {
      await using place = await temporaryFolder()
      const sweep = join(place.path, 'sweep.yaml')
      await writeFile(
        sweep,
        `name: small
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated }
topologies: [agg x1, 1P1D]
workloads: 100/8
load: { concurrency: [1, 2], requests: 2x, warmup: 1x }
slo: { ttft_p95_ms: 5000 }
`,
      )
      const commands = [
        ['plan', 'sweeps/wide-ep.yaml'],
        ['plan', 'sweeps/trace.yaml'],
        ['plan', 'sweeps/variants.yaml'],
        ['tune', join(baseline, 'quick')],
        ['tune', join(baseline, 'h100-vllm')],
        ['compare', join(baseline, 'h100-vllm'), join(baseline, 'h200-vllm')],
        ['compare', join(baseline, 'quick'), join(baseline, 'quick')],
        ['report', join(baseline, 'quick'), '--to', join(place.path, 'report')],
        ['run', sweep, '--out', join(place.path, 'results')],
      ].map(args => args.map(word => (word.startsWith('sweeps/') ? join(repository, word) : word)))
      let widest = 0
      const shown = columns === 80 ? commands : commands.filter((_, at) => [0, 1, 3, 8].includes(at))
      for (const args of shown) {
        const printed = stripVTControlCharacters(await inTerminal(columns, args))
        assert.ok(printed.length > 100, `${args.join(' ')}: ${printed}`)
        for (const line of printed.split('\n')) {
          if (isToCopy(line)) continue
          assert.ok(stringWidth(line) <= columns, `${args[0]}: ${line}`)
          widest = Math.max(widest, stringWidth(line))
        }
      }
      // The width that there is is used.
      assert.ok(widest > columns - 8, `${widest} of ${columns} columns`)
    })

  test('verdicts have colors, unless NO_COLOR says otherwise', { skip }, async () => {
    const tuned = ['tune', join(baseline, 'quick')]
    assert.ok((await inTerminal(100, tuned)).includes(`${green}met`))
    assert.ok(!(await inTerminal(100, tuned, { NO_COLOR: '1' })).includes('\u001b['))
  })
})

describe('elsewhere', () => {
  test('nothing has colors', async () => {
    const { stdout } = await execa(process.execPath, [
      join(repository, 'bin/fulcrum.js'),
      'tune',
      join(baseline, 'quick'),
    ])
    assert.ok(!stdout.includes('\u001b['))
  })
})
