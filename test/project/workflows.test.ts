import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import { z } from 'zod'
import { partNames } from '../../scripts/test-parts.ts'
import { workflowErrors } from '../docs/workflow-errors.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFile(join(root, path), 'utf8')

const step = z.looseObject({ run: z.string().optional(), uses: z.string().optional() })
const workflow = z.looseObject({
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(
    z.string(),
    z.looseObject({
      'timeout-minutes': z.number().optional(),
      permissions: z.record(z.string(), z.string()).optional(),
      uses: z.string().optional(),
      steps: z.array(step).optional(),
    }),
  ),
})
const workflows = await Promise.all(
  (await Array.fromAsync(glob('.github/workflows/*.yml', { cwd: root }))).sort().map(async path => {
    const text = await read(path)
    const { jobs, permissions } = workflow.parse(parse(text))
    return { path, text, permissions, jobs, steps: Object.values(jobs).flatMap(job => job.steps ?? []) }
  }),
)

describe("the project's own workflows", () => {
  test("are accepted by GitHub's parser, which would not accept just anything", async () => {
    assert.deepEqual(
      workflows.map(({ path }) => path),
      ['.github/workflows/ci.yml', '.github/workflows/docs.yml', '.github/workflows/release.yml'],
    )
    for (const { path, text } of workflows) {
      assert.deepEqual(await workflowErrors(path, text), [])
      assert.notDeepEqual(await workflowErrors(path, text.replace('runs-on:', 'run-on:')), [])
    }
  })

  test('run only npm scripts and parts of the tests that there are', async () => {
    const { scripts } = z
      .looseObject({ scripts: z.record(z.string(), z.string()) })
      .parse(parse(await read('package.json')))
    const commands = workflows.flatMap(({ steps }) => steps.map(({ run = '' }) => run))
    const called = commands.flatMap(run => [...run.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name))
    const only = commands.flatMap(run => [...run.matchAll(/--only (\w+)/g)].map(([, name = '']) => name))
    assert.ok(called.length > 0 && only.length > 0)
    for (const name of called) assert.ok(Object.hasOwn(scripts, name), name)
    for (const name of only) assert.ok(partNames.includes(name), name)
    assert.ok(commands.includes('.ci/run'))
  })

  test('may write nothing, apart from the job that publishes', () => {
    for (const { path, permissions, jobs } of workflows) {
      assert.deepEqual(permissions, { contents: 'read' }, path)
      for (const [name, job] of Object.entries(jobs))
        if (name !== 'publish') assert.equal(job.permissions, undefined, `${path}: ${name}`)
    }
  })

  test('publish the documentation with the right to write pages, and no other', () => {
    const docs = workflows.find(({ path }) => path.endsWith('docs.yml'))
    assert.deepEqual(docs?.jobs.publish?.permissions, { pages: 'write', 'id-token': 'write' })
    assert.ok(docs.jobs.build?.steps?.some(({ run = '' }) => run.includes('npm run docs:site')))
  })

  test('end: each job has a time limit', () => {
    for (const { path, jobs } of workflows)
      for (const [name, job] of Object.entries(jobs))
        if (job.uses === undefined) assert.ok((job['timeout-minutes'] ?? 0) > 0, `${path}: ${name}`)
  })

  test('leave no token in the checkout, and use actions by their commit, with the version beside it', () => {
    for (const { path, steps } of workflows)
      for (const { uses, with: inputs } of steps) {
        if (uses === undefined) continue
        assert.match(uses, /^actions\/[\w-]+@[0-9a-f]{40}$/, path)
        if (uses.startsWith('actions/checkout')) assert.deepEqual(inputs, { 'persist-credentials': false }, path)
      }
  })

  test('test the oldest major version of Node that package.json accepts', async () => {
    const { engines } = z
      .looseObject({ engines: z.object({ node: z.string() }) })
      .parse(parse(await read('package.json')))
    const { jobs } = z
      .looseObject({
        jobs: z.looseObject({
          unit: z.looseObject({ strategy: z.looseObject({ matrix: z.looseObject({ node: z.array(z.string()) }) }) }),
        }),
      })
      .parse(parse(await read('.github/workflows/ci.yml')))
    assert.equal(engines.node, `>=${jobs.unit.strategy.matrix.node[0]}`)
  })

  test('publish with provenance, after all tests, and only what the changelog names', () => {
    const release = workflows.find(({ path }) => path.endsWith('release.yml'))
    const publish = z
      .looseObject({ needs: z.string(), permissions: z.record(z.string(), z.string()), steps: z.array(step) })
      .parse(release?.jobs.publish)
    const runs = publish.steps.map(({ run = '' }) => run)
    const at = runs.findIndex(run => run.includes('npm publish --provenance'))
    assert.equal(publish.permissions['id-token'], 'write')
    assert.equal(release?.jobs[publish.needs]?.uses, './.github/workflows/ci.yml')
    assert.ok(at > runs.findIndex(run => run.includes('CHANGELOG.md')))
  })
})
