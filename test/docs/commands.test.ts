// Test part: cli

import assert from 'node:assert/strict'
import { appendFile, cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { execa } from 'execa'
import { sayOf } from '../../scripts/reference/command-line.ts'
import { type MockServer, startMock } from '../mock-server/start.ts'
import { fulcrumArguments, shellWords } from './command-words.ts'
import { codeBlocks, pages, repository } from './markdown.ts'

interface Documented {
  readonly at: string
  readonly text: string
  readonly words: readonly string[]
}

const all = await pages()
const inBlocks: readonly Documented[] = all.flatMap(({ path, text }) =>
  codeBlocks(text).flatMap(({ line, lines }) =>
    lines.flatMap((text, index) => {
      // Help texts describe an example two spaces or more behind it.
      const command = path === 'docs/reference/cli.md' ? text.trim().replace(/ {2,}.*$/, '') : text.trim()
      const words = path === 'docs/reference/cli.md' && !command.startsWith('$ ') ? null : fulcrumArguments(command)
      return words === null ? [] : [{ at: `${path}:${line + index}`, text: command.replace(/ +#.*/, ''), words }]
    }),
  ),
)
const inSentences: readonly Documented[] = all.flatMap(({ path, text }) =>
  text.split('\n').flatMap((line, index) =>
    [...line.matchAll(/`(?:npx )?(fulcrum [a-z][^`]*)`/g)].flatMap(([, span = '']) => {
      const words = fulcrumArguments(span)
      return words === null ? [] : [{ at: `${path}:${index + 1}`, text: span, words }]
    }),
  ),
)

const complaint = async (words: readonly string[]) => (await sayOf(words)).complaint

describe('commands of the documents', () => {
  for (const { at, text, words } of inBlocks) {
    test(`are taken by the command line: ${text} (${at})`, async () => assert.equal(await complaint(words), ''))
  }

  test('in sentences have subcommands and options that exist', async () => {
    assert.ok(inSentences.length > 20)
    const unknown: string[] = []
    for (const { at, text, words } of inSentences) {
      const said = await complaint(words)
      if (/unknown (option|command)/.test(said)) unknown.push(`${at}: ${text}: ${said}`)
    }
    assert.deepEqual(unknown, [])
  })

  test('that do not exist are noticed', async () => {
    assert.match(await complaint(['rnu', 'sweep.yaml']), /unknown command/)
    assert.match(await complaint(['run', 'sweep.yaml', '--fail-no', 'slo']), /unknown option/)
    assert.match(await complaint(['run']), /missing required argument/)
    assert.equal(await complaint(['run', 'sweep.yaml']), '')
  })
})

/** The first block of code in a language of a page. */
function blockOf(path: string, language: string): string {
  const blocks = codeBlocks(all.find(page => page.path === path)?.text ?? '')
  const { lines } = blocks.find(block => block.language === language) ?? assert.fail(`${path} has no ${language}`)
  return lines.join('\n')
}

/** The sweep of docs/how-to/own-deployer.md, over servers that run here. */
function ownDeployer(urls: string[]): string {
  const excerpt = blockOf('docs/how-to/own-deployer.md', 'yaml').replace(/"http:[^"]*"/g, () => `"${urls.shift()}"`)
  const rest = smallSweep('own', '[]')
    .split('\n')
    .filter(line => !/^(deploy|topologies):/.test(line))
  return `${excerpt}\n${rest.join('\n')}`
}

/** Commands that are only parsed, and why. */
const onlyParsed: readonly { readonly command: RegExp; readonly reason: string }[] = [
  { command: /^fulcrum serve/, reason: 'it serves until it is interrupted; test/site starts it' },
  {
    command: /^fulcrum push .*--to s3:/,
    reason: 'it needs an S3 server; test/systems/s3-store.test.ts runs it with one',
  },
  { command: / mocker\.yaml/, reason: 'it needs Dynamo; test/systems/tutorial.test.ts runs it' },
  { command: / (sweeps|results)\/variants/, reason: 'it needs two versions of Dynamo; test/systems has variants' },
  { command: /^fulcrum run sweeps\/dynamo-mocker\.yaml$/, reason: 'it needs Dynamo; test/systems runs it' },
  { command: /^fulcrum (run|doctor) sweeps\/kubernetes\.yaml$/, reason: 'it asks a cluster; test/systems does' },
  {
    command: / examples\/plugins\//,
    reason: 'it needs vLLM or vllm-rs; test/systems and test/examples run the plug-ins',
  },
  { command: / results\/quality\//, reason: 'it needs two runs with questions; test/analysis/compare compares them' },
  { command: /sweeps\/mtp\.yaml/, reason: 'it takes three minutes; test/cli/speculation.test.ts runs a shorter one' },
  { command: /sweeps\/reasoning\.yaml/, reason: 'it takes a minute; test/cli/reasoning.test.ts runs a shorter one' },
  { command: /--point/, reason: 'ids of points differ from run to run; test/cli/verify.test.ts writes one' },
  { command: /^fulcrum verify .*http/, reason: 'it measures a deployment that runs; test/systems starts one' },
  { command: /^fulcrum doctor .*--(etcd|dcgm)/, reason: 'it asks a Dynamo or a DCGM exporter that runs' },
  {
    command: /--priors aic/,
    reason: 'it reads what aiconfigurator wrote; test/spec/believed.test.ts reads a copy of that',
  },
]

/** Exit codes other than 0 that are right here. */
const otherCodes: readonly { readonly command: RegExp; readonly codes: readonly number[] }[] = [
  // One or two small runs can't show a change: such a gate is not tested.
  { command: /^fulcrum (compare|history) .*%"/, codes: [1] },
  // Two requests decide nothing.
  { command: /^fulcrum verify/, codes: [0, 1] },
  { command: /^fulcrum doctor/, codes: [0, 3] },
  // Two loads of a small machine don't serve everything that is asked for.
  { command: /^fulcrum capacity/, codes: [0, 1] },
]

/** Nothing is measured here for its figures, and a busy machine must not make a run invalid. */
const anyMachine =
  'validity: { send_lateness_p99_ms: 60000, event_loop_delay_p99_ms: 60000, cpu_share: 1, run_queue_share: 1, in_flight_share: 0 }'

/** A sweep of seconds with the names that the documents use. */
const smallSweep = (name: string, topologies: string) => `name: ${name}
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated, profile: deepseek-r1-fp4-gb200 }
topologies: ${topologies}
workloads: [8000/24, 1000/40]
load: { concurrency: [1, 2], requests: 2, warmup: 0x }
slo: { ttft_p95_ms: 1000, itl_p95_ms: 25 }
${anyMachine}
`

describe('commands of the documents do what they are written for', { timeout: 600_000 }, () => {
  let folder = ''
  const servers: MockServer[] = []
  const fulcrum = (words: readonly string[]) =>
    execa(process.execPath, [join(repository, 'bin/fulcrum.js'), ...words], {
      cwd: folder,
      reject: false,
      stdin: 'ignore',
      timeout: 120_000,
      env: { XDG_STATE_HOME: join(folder, 'state'), HOME: folder },
    })
  const newest = async (sweep: string, root = 'results') => {
    const runs = (await readdir(join(folder, root, sweep))).filter(name => /^\d{8}T/.test(name)).sort()
    return `${root}/${sweep}/${runs.at(-1)}`
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-docs-'))
    await cp(join(repository, 'sweeps'), join(folder, 'sweeps'), { recursive: true })
    for (const name of ['quality', 'reasoning', 'mtp'])
      await appendFile(join(folder, `sweeps/${name}.yaml`), `\n${anyMachine}\n`)
    servers.push(await startMock(), await startMock())
    // What a reader installs there for a deployer of one's own: zod.
    await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'))
    const files = {
      'sweeps/quick.yaml': smallSweep('quick', '[agg x1, 1P1D]'),
      'sweeps/other.yaml': smallSweep('other', '[2P1D]'),
      'sweep.yaml': smallSweep('quick', '[agg x1, 1P1D]'),
      'sweep.ts': blockOf('docs/how-to/typescript-sweeps.md', 'ts'),
      'fetch-load.ts': blockOf('docs/how-to/own-generator.md', 'ts'),
      'own-generator.yaml': `${smallSweep('own', '[agg x1]')}${blockOf('docs/how-to/own-generator.md', 'yaml')}\n`,
      'side-by-side.ts': blockOf('docs/how-to/own-deployer.md', 'ts'),
      'own-deployer.yaml': ownDeployer(servers.map(({ url }) => url)),
      'requests.csv': 'timestamp,input_length,output_length\n0,1000,40\n1,8000,24\n61,1000,40\n',
    }
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
    // What readers have when they come to a page: a run and a baseline of each sweep, results of genai-perf.
    for (const [name, out] of [
      ['quick', 'results'],
      ['nightly', 'data/results'],
    ] as const) {
      const file = join(folder, `${name}-before.yaml`)
      await writeFile(file, smallSweep(name, '[agg x1, 1P1D]'))
      for (const words of [
        ['run', file, '--out', out],
        ['baseline', 'set', '--out', out],
      ]) {
        const { exitCode, stderr } = await fulcrum(words)
        assert.equal(exitCode, 0, `${words.join(' ')}: ${stderr}`)
      }
    }
    await fulcrum(['twin', 'fit', await newest('quick')])
    await fulcrum(['export', await newest('quick'), '--format', 'genai-perf', '--to', 'artifacts/2P1D'])
  })
  after(async () => {
    for (const server of servers) await server[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  /** The words with what stands for a reader's own put in. */
  async function filledIn(words: readonly string[]): Promise<readonly string[]> {
    const run = await newest('quick')
    return Promise.all(
      words.map(async word => {
        if (word === '$head' || word === '$base') return newest('nightly', 'data/results')
        if (word === 'BASE' || word === 'HEAD') return run
        if (word === 'SWEEP') return 'quick'
        if (word === '$ARTIFACT_URL') return 'https://example.org/artifacts/1'
        return word.replace('/data/results', 'data/results').replace(/results\/[a-z-]+\/…/, run)
      }),
    )
  }

  const shown = [...new Map(inBlocks.map(documented => [documented.text.replace('npx ', ''), documented])).entries()]
  for (const [text, { at, words }] of shown) {
    if (at.startsWith('docs/reference/cli.md')) continue
    const why = onlyParsed.find(({ command }) => command.test(text))?.reason
    if (why !== undefined) continue
    test(`${text} (${at})`, async () => {
      // A template may deploy what isn't here; afterwards the same file is a sweep of seconds.
      const [command, file = ''] = words
      // A reader's newest run is of a sweep that a twin can be fitted to.
      const isOther = command === 'verify' || (command === 'run' && file.startsWith('own-'))
      const elsewhere = isOther ? ['--out', 'own'] : []
      const { exitCode, stderr, stdout } = await fulcrum([...(await filledIn(words)), ...elsewhere])
      if (command === 'init') {
        assert.match(await readFile(join(folder, file), 'utf8'), /^name: /m)
        await writeFile(join(folder, file), smallSweep(file === 'nightly.yaml' ? 'nightly' : 'quick', '[agg x1, 1P1D]'))
      }
      const codes = otherCodes.find(({ command }) => command.test(text))?.codes ?? [0]
      assert.ok(codes.includes(exitCode ?? -1), `exit code ${exitCode}\n${stdout}\n${stderr}`)
    })
  }

  test('and print the plan that the tutorial shows', async () => {
    await cp(join(repository, 'sweeps/quick.yaml'), join(folder, 'shipped.yaml'))
    const { stdout } = await fulcrum(['plan', 'shipped.yaml', '--out', 'empty'])
    assert.equal(blockOf('docs/tutorial.md', 'text'), stdout.trim())
  })

  test('or are only parsed for a reason, and each reason has a command', () => {
    const without = onlyParsed.filter(({ command }) => !shown.some(([text]) => command.test(text)))
    assert.deepEqual(without, [])
  })
})

describe('words of a command', () => {
  test('are split as a shell does; comments, pipes and redirections are left out', () => {
    assert.deepEqual(shellWords(`compare A B --fail-on "itl_p95>5%" --to 'a b' > x.md`), [
      'compare',
      'A',
      'B',
      '--fail-on',
      'itl_p95>5%',
      '--to',
      'a b',
    ])
    assert.deepEqual(shellWords('plan FILE --json | jq .x'), ['plan', 'FILE', '--json'])
    assert.deepEqual(shellWords('doctor   # this machine'), ['doctor'])
    assert.throws(() => shellWords('a "b'), /not closed/)
  })

  test('are those behind fulcrum, started in any of its ways', () => {
    assert.deepEqual(fulcrumArguments('npx --yes fulcrum run x'), ['run', 'x'])
    assert.deepEqual(fulcrumArguments('$ fulcrum'), [])
    assert.equal(fulcrumArguments('git clone fulcrum'), null)
    assert.equal(fulcrumArguments('head="$(fulcrum run)"'), null)
  })
})
