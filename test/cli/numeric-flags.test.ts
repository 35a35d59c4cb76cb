import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Command, InvalidArgumentError } from 'commander'
import fc from 'fast-check'
import { commandList } from '../../src/cli/command-list.ts'
import { main } from '../../src/cli/main.ts'
import { programFor } from '../../src/cli/program.ts'
import { wholeNumber } from '../../src/cli/whole-number.ts'
import { parseSlo } from '../../src/commands/import/objectives.ts'
import { FulcrumError } from '../../src/model/index.ts'

/** What no flag that takes a number may take for one. */
const nonsense = ['NaN', '-1', '1e999', '', ' ', '5x', 'Infinity', '0x10', '1,000', '٣', `${'9'.repeat(400)}`]
const notWhole = [...nonsense, '1.5', '1e3', '+1', '9007199254740993']

/**
 * Every flag that takes a number, with a command that needs nothing else to read it; a percentage only where it says
 * so.
 */
const flags: readonly (readonly [flag: string, command: readonly string[], values: readonly string[]])[] = [
  ['--allow-points', ['run', 'sweep.yaml'], [...notWhole, '0']],
  ['--shards', ['run', 'sweep.yaml'], [...notWhole, '0']],
  ['--allow-points', ['validate', 'sweep.yaml'], [...notWhole, '0']],
  ['--allow-points', ['plan', 'sweep.yaml'], [...notWhole, '0']],
  ['--shards', ['resume', 'run'], [...notWhole, '0']],
  ['--repeats', ['verify', 'folder'], [...notWhole, '0']],
  ['--last', ['history'], [...notWhole, '0']],
  ['--allow-lost', ['history'], notWhole],
  ...['run', 'resume', 'tune'].map(command => ['--allow-lost', [command, 'x'], notWhole] as const),
  ['--allow-lost', ['compare', 'a', 'b'], notWhole],
  ['--rounds', ['crosscheck', 'sweep.yaml'], [...notWhole, '0']],
  ['--point', ['crosscheck', 'sweep.yaml'], [...notWhole, '0']],
  ['--gpus-per-worker', ['import', 'folder'], [...notWhole, '0']],
  ...['--gpus', '--gpus-per-worker', '--isl', '--osl'].map(
    flag => [flag, ['init', '--backend', 'vllm'], [...notWhole, '0']] as const,
  ),
  ['--port', ['serve'], [...notWhole, '65536']],
  ['--max-upload', ['serve'], [...notWhole, '0']],
  ['--listen', ['shard'], [...notWhole, '65536']],
  ...['--rps', '--mean-rps', '--users', '--slo-ttft-p95', '--slo-itl-p95', '--slo-latency-p95', '--price'].map(
    flag => [flag, ['capacity', 'src', ...demand(flag)], [...nonsense, '0', '5%']] as const,
  ),
  ...['--users', '--months', '--gpus-per-node', '--nodes', '--nodes-lost'].map(
    flag => [flag, ['capacity', 'src', ...demand(flag)], [...nonsense, '1.5', '5%']] as const,
  ),
  ['--think', ['capacity', 'src', '--users', '5'], [...nonsense, '5%']],
  ['--growth', ['capacity', 'src', '--rps', '5'], [...nonsense, '5x%', '%']],
]

/** The amount of traffic, which a capacity question needs, where the flag under test is none. */
function demand(flag: string): readonly string[] {
  return ['--rps', '--mean-rps', '--users'].includes(flag) ? [] : ['--rps', '5']
}

describe('a flag that takes a number', () => {
  for (const [flag, command, values] of flags)
    test(`${flag} of ${command[0]} refuses what is no such number with exit code 2, and is named`, async context => {
      for (const value of values) {
        const { said, exitCode } = await told(['node', 'fulcrum', ...command, `${flag}=${value}`], context)
        assert.equal(exitCode, 2, `${flag} '${value}': ${said}`)
        assert.ok(said.includes(flag), `${flag} '${value}': ${said}`)
      }
    })

  test('the list above has every flag of the command line that says so by <n>, <s>, <ms>, <share> or <amount>', async () => {
    const known = new Set(flags.map(([flag, [command]]) => `${command} ${flag}`))
    for (const [command, flag] of await numericFlags()) assert.ok(known.has(`${command} ${flag}`), `${command} ${flag}`)
  })
})

test('weights of a mix are numbers above 0 that can be added up', async context => {
  for (const weight of ['NaN', '-1', '1e999', '', '5x', '0', '9'.repeat(400), '1.2.3']) {
    const { said, exitCode } = await told(['node', 'fulcrum', 'tune', 'run', `--mix=8000/256=${weight}`], context)
    assert.equal(exitCode, 2, weight)
    assert.match(said, /--mix/)
  }
})

test('a rate with an exponent is refused for its exponent, not as too small', async context => {
  const { said } = await told(['node', 'fulcrum', 'capacity', 'src', '--rps=1e9'], context)
  assert.match(said, /Invalid --rps: "1e9"\.\s+(Fix|to do|To do)?:?\s*Write the number in digits, without an exponent/)
})

test('an objective of imported results is a number of milliseconds above 0', () => {
  for (const limit of ['NaN', '-1', '1e999', '', '5x', '0', '9'.repeat(400)])
    assert.throws(() => parseSlo([`ttft_p95_ms=${limit}`]), FulcrumError, limit)
})

test('a whole number is read from its digits, within its range', () => {
  fc.assert(fc.property(fc.nat(), value => assert.equal(wholeNumber({ from: 0 })(String(value)), value)))
  fc.assert(
    fc.property(fc.string(), text => {
      if (!/^\d+$/.test(text)) assert.throws(() => wholeNumber({ from: 0 })(text), InvalidArgumentError)
    }),
  )
  assert.throws(() => wholeNumber({ to: 5 })('6'), InvalidArgumentError)
})

/** What the command line prints in this process, and its exit code. */
async function told(argv: readonly string[], context: { mock: typeof test.mock }) {
  const said: string[] = []
  const write = (text: unknown) => {
    said.push(String(text))
    return true
  }
  const mocks = [
    context.mock.method(process.stderr, 'write', write),
    context.mock.method(console, 'error', write),
    context.mock.method(console, 'log', write),
  ]
  try {
    await main(argv)
    return { said: said.join('\n'), exitCode: process.exitCode }
  } finally {
    process.exitCode = 0
    for (const mock of mocks) mock.mock.restore()
  }
}

/** Options whose value is a number, by their placeholder, as the commands declare them. */
async function numericFlags(): Promise<readonly (readonly [command: string, flag: string])[]> {
  const program = new Command('fulcrum')
  for (const { load } of commandList) (await load())(program, programFor)
  const found = program.commands.flatMap(command =>
    [command, ...command.commands].flatMap(({ options }) =>
      options
        .filter(({ flags }) => /<(?:n|s|ms|share|amount)>/.test(flags))
        .map(({ long }) => [command.name(), long ?? ''] as const),
    ),
  )
  assert.ok(found.length > 20)
  return found
}
