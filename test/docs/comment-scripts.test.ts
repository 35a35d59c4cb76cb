// Test part: process

import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { execa } from 'execa'
import { parse } from 'yaml'
import { compareRuns } from '../../src/analysis/compare/compare.ts'
import { writeComparison } from '../../src/render/write-comparison.ts'
import { type Comment, curlStandIn, ghStandIn } from '../ci/scratch.ts'
import { noisyRun } from '../render/noisy-run.ts'
import { aggregated } from '../render/synthetic-run.ts'

const root = join(import.meta.dirname, '../..')
const options = { topologies: [aggregated(2)], concurrencies: [1, 4], repeats: 3 }

/** The script of the step that comments. */
async function scripts(): Promise<{ readonly github: string; readonly gitlab: string }> {
  const read = async (name: string) => parse(await readFile(join(root, name), 'utf8'))
  const steps: { name?: string; run?: string }[] = (await read('action.yml')).runs.steps
  const github = steps.find(({ name }) => name === 'Comment on the pull request')?.run ?? ''
  return { github, gitlab: (await read('docs/ci/gitlab-ci.yml'))['merge-request'].after_script.join('\n') }
}

describe('the workflow that comments on a pull request', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-comment-'))
    await mkdir(join(folder, 'bin'))
    const npx = `#!/bin/sh\nshift 2\nexec ${join(root, 'bin/fulcrum')} "$@"\n`
    for (const [name, text] of Object.entries({ gh: ghStandIn, curl: curlStandIn, npx })) {
      await writeFile(join(folder, 'bin', name), text)
      await chmod(join(folder, 'bin', name), 0o755)
    }
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const file = () => join(folder, 'comments.json')
  const comments = async (): Promise<Comment[]> => JSON.parse(await readFile(file(), 'utf8'))
  /** What stands there before: a comment of a person, who quotes a marker, and one of another sweep. */
  const others: Comment[] = [
    { id: 1, body: 'LGTM', user: { type: 'User' } },
    { id: 2, body: '<!-- fulcrum:comment:weekly -->\n\nother', user: { type: 'Bot' } },
  ]

  async function comment(script: string, seed: number): Promise<void> {
    const comparison = compareRuns(
      noisyRun(options, { seed: 1 }),
      noisyRun(options, { seed, slower: () => 1 + seed / 10 }),
    )
    await writeComparison(comparison, join(folder, 'comparison'))
    await execa('bash', ['-e', '-o', 'pipefail', '-c', script], {
      cwd: folder,
      timeout: 60_000,
      env: {
        PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
        COMMENTS: file(),
        ...{ FULCRUM: join(root, 'bin/fulcrum'), WORK: folder, COMPARISON: join(folder, 'comparison') },
        ...{ SWEEP: 'sweeps/synthetic.yaml', NAME: 'synthetic', KEY: '', WHY: '', SWEEP_CODE: '0' },
        ...{ GH_TOKEN: 'ghs_test', MAY_COMMENT: 'write' },
        ...{ GITHUB_ACTIONS: 'true', GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'owner/name' },
        ...{ GITHUB_RUN_ID: '7', PULL_REQUEST: '12', REPORT_URL: 'https://github.com/owner/name/artifacts/9' },
        ...{ FULCRUM_TOKEN: 'secret', CI_JOB_URL: 'https://gitlab.com/owner/name/-/jobs/1' },
        ...{ CI_API_V4_URL: 'https://gitlab.com/api/v4', CI_PROJECT_ID: '5', CI_MERGE_REQUEST_IID: '12' },
      },
    })
  }

  for (const system of ['github', 'gitlab'] as const)
    test(`has one comment on ${system}, which each run replaces, and leaves those of others alone`, async () => {
      await writeFile(file(), JSON.stringify(others))
      const script = (await scripts())[system]
      await comment(script, 2)
      const [first, second, own, ...more] = await comments()
      assert.deepEqual([first, second], others)
      assert.deepEqual(more, [])
      assert.match(own?.body ?? '', /^<!-- fulcrum:comment:synthetic -->\n\n## Fulcrum: 🔴 slower\n/)
      assert.match(own?.body ?? '', /\[Report\]\(https:\/\//)
      await comment(script, 5)
      const again = await comments()
      assert.equal(again.length, 3)
      assert.deepEqual(again.slice(0, 2), others)
      assert.notEqual(again[2]?.body, own?.body)
    })
})
