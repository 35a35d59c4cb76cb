// Test part: process

import assert from 'node:assert/strict'
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type MockServer, startMock } from '../mock-server/start.ts'
import { runGitlabJob } from './gitlab-job.ts'
import {
  type Comment,
  commit,
  curlStandIn,
  git,
  programs,
  revisionOf,
  root,
  runsIn,
  smallSweep,
  writeAll,
} from './scratch.ts'

const fast = { ttftMs: 5, itlMs: 4, promptTokens: 0 }

describe('the pipeline for GitLab, run in a scratch repository', { timeout: 300_000 }, () => {
  let folder = ''
  let origin = ''
  let pipeline = ''
  let server: MockServer
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-gitlab-'))
    origin = join(folder, 'origin')
    server = await startMock(fast)
    pipeline = await readFile(join(root, 'docs/ci/gitlab-ci.yml'), 'utf8')
    await writeAll(origin, { 'sweeps/nightly.yaml': smallSweep(server.url), '.gitlab-ci.yml': pipeline })
    await git(origin, 'init', '--quiet', '--initial-branch', 'main')
    await commit(origin, 'Sweep every night')
    // `npm ci` puts the package there; test/systems/github-action.test.ts installs the real one.
    await programs(join(folder, 'bin'), {
      npm: '#!/bin/sh\ntest "$1" = ci\n',
      npx: `#!/bin/sh\nshift 2\nexec ${join(root, 'bin/fulcrum')} "$@"\n`,
      curl: curlStandIn,
    })
    await writeFile(join(folder, 'comments.json'), '[]')
  })
  after(async () => {
    await server?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  const results = () => join(folder, 'results')
  const comments = async () => JSON.parse(await readFile(join(folder, 'comments.json'), 'utf8')) as Comment[]
  const run = (name: string, source: string) =>
    runGitlabJob(pipeline, name, join(folder, 'workspace'), {
      ...{ PATH: `${join(folder, 'bin')}:${process.env.PATH}`, HOME: folder, ORIGIN: origin, RESULTS: results() },
      ...{ FULCRUM_STATE_DIR: join(folder, 'state'), COMMENTS: join(folder, 'comments.json'), FULCRUM_TOKEN: 'secret' },
      ...{ CI_PIPELINE_SOURCE: source, CI_MERGE_REQUEST_IID: '12', CI_PROJECT_ID: '5' },
      ...{ CI_API_V4_URL: 'https://gitlab.com/api/v4', CI_JOB_URL: 'https://gitlab.com/owner/name/-/jobs/1' },
      CI_PROJECT_URL: 'https://gitlab.com/owner/name',
    })
  const merge = async () => (await run('merge-request', 'merge_request_event')) ?? assert.fail('no such job')

  test('says why there is no comparison before the first night', async () => {
    const { exitCode, log } = await merge()
    assert.equal(exitCode, 1, log)
    const [own, ...more] = await comments()
    assert.deepEqual(more, [])
    assert.match(own?.body ?? '', /no comparison\n.*has no baseline yet/s)
  })

  test('sets the baseline in the first night only', async () => {
    const first = await run('nightly', 'schedule')
    assert.equal(first?.exitCode, 0, first?.log)
    await access(join(folder, 'workspace/history/history.html'))
    const baseline = await readFile(join(results(), 'nightly/baseline.json'), 'utf8')
    assert.equal((await run('nightly', 'schedule'))?.exitCode, 0)
    assert.equal(await readFile(join(results(), 'nightly/baseline.json'), 'utf8'), baseline)
    assert.equal((await runsIn(results())).length, 2)
  })

  test('replaces the comment with the comparison, and with each later one, apart from the history', async () => {
    await writeAll(origin, { 'server.txt': 'slow\n' })
    const slow = await commit(origin, 'Change the server')
    await server.configure({ ...fast, itlMs: 12 })
    const { exitCode, log } = await merge()
    assert.equal(exitCode, 1, log)
    const [first, ...more] = await comments()
    assert.deepEqual(more, [])
    assert.match(first?.body ?? '', /^<!-- fulcrum:comment:nightly -->\n\n## Fulcrum: ❌/)
    assert.ok(first?.body.includes(slow))
    await server.configure({ ...fast, promptTokens: 7 })
    assert.equal((await merge()).exitCode, 1)
    await server.configure(fast)
    const [second, ...others] = await comments()
    assert.deepEqual(others, [])
    assert.match(second?.body ?? '', /⚠️ .*not tested/s)
    assert.equal((await runsIn(results())).length, 2)
    const own = await runsIn(`${results()}-merge-requests/12`)
    assert.deepEqual(await Promise.all(own.map(revisionOf)).then(all => new Set(all).size), 2)
  })

  test('runs each job in the pipelines that it is for', async () => {
    assert.equal(await run('nightly', 'merge_request_event'), null)
    assert.equal(await run('merge-request', 'schedule'), null)
    assert.equal(await run('nightly', 'push'), null)
  })
})
