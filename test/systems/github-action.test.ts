import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { access, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { execa } from 'execa'
import { parse } from 'yaml'
import { actionFile, type JobEvent, type JobResult, runJob } from '../ci/github-job.ts'
import {
  type Comment,
  commit,
  ghStandIn,
  git,
  npmStandIn,
  plainPath,
  programs,
  revisionOf,
  root,
  runsIn,
  scratchRepository,
  smallSweep,
  writeAll,
} from '../ci/scratch.ts'
import { type MockServer, startMock } from '../mock-server/start.ts'

const fast = { ttftMs: 5, itlMs: 4, promptTokens: 0 }
const slow = { ...fast, itlMs: 12 }
/** The server's own count contradicts what was sent: no such point is believed. */
const wrong = { ...fast, promptTokens: 7 }

describe('the workflow for GitHub Actions, run in a scratch repository', { timeout: 900_000 }, () => {
  let folder = ''
  let origin = ''
  let server: MockServer
  let workflow = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-action-'))
    server = await startMock(fast)
    origin = await scratchRepository(folder)
    workflow = await readFile(join(root, 'docs/ci/github-actions.yml'), 'utf8')
    await writeAll(origin, {
      'sweeps/nightly.yaml': smallSweep(server.url),
      '.github/workflows/fulcrum.yml': workflow,
    })
    await commit(origin, 'Sweep every night')
    await programs(join(folder, 'bin'), { gh: ghStandIn, npm: npmStandIn(origin) })
    await writeFile(join(folder, 'comments.json'), JSON.stringify(others))
  })
  after(async () => {
    await server?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  /** What stands there before: a comment of a person, who quotes a marker, and one of another sweep. */
  const others: readonly Comment[] = [
    { id: 1, body: '<!-- fulcrum:comment:nightly -->\n\nwhat is this?', user: { type: 'User' } },
    { id: 2, body: '<!-- fulcrum:comment:weekly -->\n\nother', user: { type: 'Bot' } },
    { id: 3, body: 'LGTM', user: { type: 'User' } },
  ]
  const comments = async () => JSON.parse(await readFile(join(folder, 'comments.json'), 'utf8')) as Comment[]
  const results = () => join(folder, 'results')
  const nightRuns = () => runsIn(results())
  const pullRequestRuns = (number: number) => runsIn(join(folder, `results-pull-requests/${number}`))

  async function run(job: 'nightly' | 'pull-request', event: JobEvent, text = workflow): Promise<JobResult> {
    return runJob(text, job, event, {
      origin,
      folder,
      vars: { FULCRUM_RESULTS: results() },
      env: {
        PATH: `${join(folder, 'bin')}:${plainPath}`,
        HOME: folder,
        // What npm has fetched for this user already.
        npm_config_cache: process.env.npm_config_cache ?? join(homedir(), '.npm'),
        npm_config_prefer_offline: 'true',
        FULCRUM_STATE_DIR: join(folder, 'state'),
        COMMENTS: join(folder, 'comments.json'),
        // The permission that the job asks for in the workflow.
        MAY_COMMENT: job === 'pull-request' ? 'write' : 'none',
      },
    })
  }
  const night = async (more: Partial<JobEvent> = {}) =>
    run('nightly', { name: 'schedule', sha: await git(origin, 'rev-parse', 'main'), ...more })
  const push = async (number: number, branch: string, more: Partial<JobEvent> = {}) =>
    run('pull-request', { name: 'pull_request', sha: await git(origin, 'rev-parse', branch), number, ...more })

  const logOf = ({ steps }: JobResult) => steps.map(({ id, outcome, log }) => `## ${id}: ${outcome}\n${log}`).join('\n')
  const step = ({ steps }: JobResult, id: string) => steps.find(one => one.id === id) ?? assert.fail(`no step ${id}`)

  test('sets the baseline in the first night, and keeps the reports for 90 days', async () => {
    const first = await night()
    assert.equal(first.outcome, 'success', logOf(first))
    const [run = ''] = await nightRuns()
    assert.equal(
      JSON.parse(await readFile(join(results(), 'nightly/baseline.json'), 'utf8')).run,
      run.split('/').at(-1),
    )
    // A gate on a change needs eight runs: nothing fails before, and nothing passes unseen.
    assert.match(step(first, '3/history').log, /::notice::itl_p95>5% is not judged yet/)
    assert.match(first.summary, /nightly/)
    const [artifact, ...rest] = first.artifacts
    assert.deepEqual([artifact?.name, artifact?.days, rest], ['fulcrum-nightly', 90, []])
    for (const file of ['run/manifest.json', 'run/report/index.html', 'history/history.html', 'progress.jsonl'])
      await access(join(artifact?.folder ?? '', file))
    assert.deepEqual(await comments(), others)
  })

  test('says in one comment that a pull request is slower, fails, and leaves the history alone', async () => {
    await git(origin, 'switch', '--quiet', '--create', 'change')
    await writeAll(origin, { 'server.txt': 'slow\n' })
    await commit(origin, 'Change the server')
    await server.configure(slow)
    const pushed = await push(12, 'change')
    assert.equal(pushed.outcome, 'failure', logOf(pushed))
    assert.equal(step(pushed, '3/verdict').outputs['exit-code'], '1')
    const [, , , own, ...more] = await comments()
    assert.deepEqual([(await comments()).slice(0, 3), more], [others, []])
    assert.match(own?.body ?? '', /^<!-- fulcrum:comment:nightly -->\n\n## Fulcrum: ❌/)
    const head = await git(origin, 'rev-parse', 'change')
    assert.ok(own?.body.includes(`[Report](https://github.com/owner/name/artifacts/1)`), own?.body)
    assert.ok(own?.body.includes(`https://github.com/owner/name/commit/${head}`), own?.body)
    assert.equal((await nightRuns()).length, 1)
    assert.deepEqual(await Promise.all((await pullRequestRuns(12)).map(revisionOf)), [head])
    const [artifact] = pushed.artifacts
    assert.deepEqual([artifact?.name, artifact?.days], ['fulcrum', 30])
    await access(join(artifact?.folder ?? '', 'comparison/comparison.html'))
  })

  test('replaces that comment at the next push, which is a run of its own', async () => {
    const before = (await comments())[3]
    await writeAll(origin, { 'server.txt': 'fast again\n' })
    const head = await commit(origin, 'Make it fast again')
    await server.configure(fast)
    const pushed = await push(12, 'change')
    const [, , , own, ...more] = await comments()
    assert.deepEqual([(await comments()).slice(0, 3), more, own?.id], [others, [], before?.id])
    assert.notEqual(own?.body, before?.body)
    assert.ok(own?.body.includes(head), logOf(pushed))
    assert.equal(new Set(await Promise.all((await pullRequestRuns(12)).map(revisionOf))).size, 2)
  })

  test('comments and fails when no point is believed, too', async () => {
    await git(origin, 'switch', '--quiet', '--create', 'wrong', 'main')
    await writeAll(origin, { 'server.txt': 'wrong\n' })
    await commit(origin, 'Break the server')
    await server.configure(wrong)
    const pushed = await push(13, 'wrong')
    await server.configure(fast)
    assert.equal(pushed.outcome, 'failure')
    assert.equal(step(pushed, '3/sweep').outputs['exit-code'], '1', logOf(pushed))
    assert.match((await comments())[3]?.body ?? '', /⚠️ .*not tested/s)
    assert.equal(pushed.artifacts.length, 1)
  })

  test('replaces the old verdict when the sweep file is broken: it would be of another revision', async () => {
    await writeAll(origin, { 'sweeps/nightly.yaml': 'name: nightly\nmodell: x\n' })
    await commit(origin, 'Misspell a key')
    const pushed = await push(13, 'wrong')
    assert.equal(pushed.outcome, 'failure')
    assert.equal(step(pushed, '3/verdict').outputs['exit-code'], '2')
    assert.match(step(pushed, '3/sweep').log, /nightly\.yaml:2:1.*modell/s)
    const [, , , own, ...more] = await comments()
    assert.deepEqual(more, [])
    assert.match(own?.body ?? '', /## Fulcrum: ⚠️ no comparison\n.*exit code 2/s)
  })

  test('measures main after the merge, in a run of its own, against the same baseline', async () => {
    await git(origin, 'switch', '--quiet', 'main')
    await git(origin, 'merge', '--quiet', '--no-ff', '--no-edit', 'change')
    const baseline = await readFile(join(results(), 'nightly/baseline.json'), 'utf8')
    const second = await night()
    assert.equal(second.outcome, 'success', logOf(second))
    const runs = await nightRuns()
    assert.equal(runs.length, 2)
    assert.equal(await revisionOf(runs[1] ?? ''), await git(origin, 'rev-parse', 'main'))
    assert.equal(await readFile(join(results(), 'nightly/baseline.json'), 'utf8'), baseline)
  })

  test('makes a run the baseline when that is asked for', async () => {
    const accepted = await night({ name: 'workflow_dispatch', inputs: { accept: true } })
    assert.equal(accepted.outcome, 'success', logOf(accepted))
    const [, , third = ''] = await nightRuns()
    const baseline = JSON.parse(await readFile(join(results(), 'nightly/baseline.json'), 'utf8')) as { run: string }
    assert.equal(baseline.run, third.split('/').at(-1))
  })

  /** Leaves a run as a killed runner does: its journal ends behind the first result. */
  async function cutOff(run: string): Promise<readonly string[]> {
    const lines = (await readFile(join(run, 'journal.jsonl'), 'utf8')).split('\n')
    const first = lines.findIndex(line => line.includes('"type":"point"'))
    assert.ok(first > 0)
    await writeFile(join(run, 'journal.jsonl'), `${lines.slice(0, first + 1).join('\n')}\n`)
    return lines.slice(0, first + 1)
  }

  test('goes on with a night that was cut off, but never at another revision', async () => {
    const third = (await nightRuns()).at(-1) ?? ''
    const kept = await cutOff(third)
    await writeAll(origin, { 'server.txt': 'newer\n' })
    const head = await commit(origin, 'Change something else')
    const fourth = await night()
    assert.equal(fourth.outcome, 'success', logOf(fourth))
    const runs = await nightRuns()
    assert.equal(runs.length, 4)
    assert.equal(await revisionOf(runs[3] ?? ''), head)
    assert.deepEqual((await readFile(join(third, 'journal.jsonl'), 'utf8')).trim().split('\n'), kept)
    // At the same revision the same run goes on.
    const rest = (await cutOff(runs[3] ?? '')).length
    const again = await night()
    assert.equal(again.outcome, 'success', logOf(again))
    assert.equal((await nightRuns()).length, 4)
    assert.ok((await readFile(join(runs[3] ?? '', 'journal.jsonl'), 'utf8')).trim().split('\n').length > rest)
  })

  test('does not start for a fork, nor for the history of another branch', async () => {
    assert.equal((await push(14, 'change', { headRepository: 'stranger/name' })).outcome, 'skipped')
    assert.equal((await night({ name: 'workflow_dispatch', refName: 'change' })).outcome, 'skipped')
    assert.equal((await night({ name: 'pull_request', number: 12 })).outcome, 'skipped')
  })

  test('runs no text of an input as a command', async () => {
    const evil = `itl_p95>5%"; touch ${join(folder, 'pwned')}; $(touch ${join(folder, 'pwned')})`
    const text = workflow.replaceAll('slo\n', `${evil}\n`)
    const told = await run('nightly', { name: 'schedule', sha: await git(origin, 'rev-parse', 'main') }, text)
    assert.equal(told.outcome, 'failure')
    assert.match(logOf(told), /--fail-on/)
    await assert.rejects(access(join(folder, 'pwned')))
  })

  test('takes a package by its file and SHA-256, never by a name', async () => {
    const using = async (more: string) =>
      run(
        'nightly',
        { name: 'schedule', sha: await git(origin, 'rev-parse', 'main') },
        workflow.replace('          retention-days: 90\n', `          retention-days: 90\n${more}`),
      )
    const tarball = `vendor/${(await readdir(join(origin, 'vendor')))[0]}`
    const hash = createHash('sha256')
      .update(await readFile(join(origin, tarball)))
      .digest('hex')
    const right = await using(`          package: ${tarball}\n          package-sha256: ${hash}\n`)
    assert.equal(right.outcome, 'success', logOf(right))
    assert.match(step(right, '3/install').log, /added \d+ packages/)
    const named = await using('          package: fulcrum\n')
    assert.equal(named.outcome, 'failure')
    assert.match(step(named, '3/install').log, /must be a \.tgz file/)
    const other = await using(`          package: ${tarball}\n          package-sha256: ${'0'.repeat(64)}\n`)
    assert.equal(other.outcome, 'failure')
    assert.match(step(other, '3/install').log, /another SHA-256/)
  })

  test('stops Fulcrum when the runner signals the shell of the step', async () => {
    const { runs } = actionFile.parse(parse(await readFile(join(root, 'action.yml'), 'utf8')))
    const script = join(folder, 'sweep.sh')
    await writeFile(script, runs.steps.find(({ id }) => id === 'sweep')?.run ?? '')
    await writeAll(folder, {
      'long.yaml': smallSweep(server.url)
        .replace('name: nightly', 'name: long')
        .replace('requests: 4', 'requests: 4000'),
      output: '',
    })
    const out = join(folder, 'cancelled')
    const shell = execa('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], {
      ...{ cwd: folder, reject: false, all: true, timeout: 120_000, stdin: 'ignore' },
      env: {
        ...{ PATH: `${join(folder, 'bin')}:${plainPath}`, FULCRUM_STATE_DIR: join(folder, 'state') },
        ...{ FULCRUM: join(root, 'bin/fulcrum'), SWEEP: 'long.yaml', RESULTS: out, RUNNER_TEMP: join(folder, 'temp') },
        ...{ GITHUB_OUTPUT: join(folder, 'output'), PULL_REQUEST: '', PULL_REQUEST_RESULTS: '' },
      },
    })
    using _ = { [Symbol.dispose]: () => void shell.kill('SIGTERM') }
    const progress = join(folder, 'temp/fulcrum/artifact/progress.jsonl')
    const deadline = Date.now() + 60_000
    while (!/"step":"measuring"/.test(await readFile(progress, 'utf8').catch(() => ''))) {
      assert.ok(Date.now() < deadline, 'no point was started')
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    shell.kill('SIGINT')
    const { all } = await shell
    assert.match(await readFile(join(folder, 'output'), 'utf8'), /^exit-code=(130|143)$/m, all)
    const [run = ''] = await runsIn(out)
    assert.match(await readFile(join(run, 'journal.jsonl'), 'utf8'), /"outcome":"interrupted"/)
  })
})
