import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import { z } from 'zod'
import { sayOf } from '../../scripts/reference/command-line.ts'
import { fulcrumArguments } from './command-words.ts'
import { workflowErrors } from './workflow-errors.ts'

const folder = join(import.meta.dirname, '../../docs/ci')
const read = (name: string) => readFile(join(folder, name), 'utf8')

/** The part of GitLab's keywords (docs.gitlab.com/ci/yaml) that the example uses; every other key is refused. */
const gitlabJob = z.strictObject({
  image: z.string().optional(),
  tags: z.array(z.string()).optional(),
  rules: z.array(z.strictObject({ if: z.string() })).optional(),
  extends: z.string().optional(),
  stage: z.string().optional(),
  resource_group: z.string().optional(),
  timeout: z
    .string()
    .regex(/^\d+ (minutes|hours)$/)
    .optional(),
  script: z.array(z.string()).optional(),
  before_script: z.array(z.string()).optional(),
  after_script: z.array(z.string()).optional(),
  interruptible: z.boolean().optional(),
  artifacts: z
    .strictObject({
      when: z.enum(['on_success', 'on_failure', 'always']),
      expire_in: z.string().regex(/^\d+ days$/),
      paths: z.array(z.string()),
      reports: z.strictObject({ junit: z.string() }).optional(),
    })
    .optional(),
})
const gitlabPipeline = z
  .object({ stages: z.array(z.string()), variables: z.record(z.string(), z.string()) })
  .catchall(gitlabJob)

/** The part of batch/v1 CronJob (Kubernetes API reference) that the example uses; every other key is refused. */
const quantities = z.strictObject({ cpu: z.string(), memory: z.string() })
const volume = z.strictObject({
  name: z.string(),
  configMap: z.strictObject({ name: z.string() }).optional(),
  persistentVolumeClaim: z.strictObject({ claimName: z.string() }).optional(),
})
const podSpec = z.strictObject({
  restartPolicy: z.enum(['Never', 'OnFailure']),
  serviceAccountName: z.string(),
  containers: z.array(
    z.strictObject({
      name: z.string(),
      image: z.string(),
      command: z.array(z.string()),
      args: z.array(z.string()),
      resources: z.strictObject({ requests: quantities, limits: quantities }),
      volumeMounts: z.array(
        z.strictObject({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().optional() }),
      ),
    }),
  ),
  volumes: z.array(volume),
})
const cronJob = z.strictObject({
  apiVersion: z.literal('batch/v1'),
  kind: z.literal('CronJob'),
  metadata: z.strictObject({ name: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$/) }),
  spec: z.strictObject({
    schedule: z.string().regex(/^\S+( \S+){4}$/),
    concurrencyPolicy: z.enum(['Allow', 'Forbid', 'Replace']),
    successfulJobsHistoryLimit: z.int(),
    failedJobsHistoryLimit: z.int(),
    jobTemplate: z.strictObject({
      spec: z.strictObject({
        backoffLimit: z.int(),
        activeDeadlineSeconds: z.int(),
        template: z.strictObject({ spec: podSpec }),
      }),
    }),
  }),
})

describe('the workflow examples in docs/ci', () => {
  test("GitHub's own parser accepts the one for GitHub Actions, and would not accept just anything", async () => {
    const text = await read('github-actions.yml')
    assert.deepEqual(await workflowErrors('fulcrum.yml', text), [])
    assert.notDeepEqual(await workflowErrors('fulcrum.yml', text.replace('timeout-minutes', 'timeout-minuets')), [])
  })

  test('the one for GitLab has only keys that GitLab knows; stages and parents of its jobs are declared', async () => {
    const { stages, variables: _, ...jobs } = gitlabPipeline.parse(parse(await read('gitlab-ci.yml')))
    for (const [name, job] of Object.entries(jobs)) {
      if (name.startsWith('.')) continue
      const parent = job.extends === undefined ? undefined : jobs[job.extends]
      assert.ok(stages.includes(job.stage ?? parent?.stage ?? ''), name)
      assert.ok(job.extends === undefined || parent !== undefined, name)
      assert.ok((job.script?.length ?? 0) > 0, name)
    }
  })

  test('the one for Kubernetes is a CronJob, and mounts volumes that it has', async () => {
    const { volumes, containers } = cronJob.parse(parse(await read('kubernetes-cronjob.yaml'))).spec.jobTemplate.spec
      .template.spec
    for (const { volumeMounts, resources } of containers) {
      for (const { name } of volumeMounts) assert.ok(volumes.some(volume => volume.name === name))
      // Guaranteed quality of service, so that the generator isn't throttled.
      assert.deepEqual(resources.requests, resources.limits)
    }
  })

  test('they use only commands and options that fulcrum has', async () => {
    for (const name of ['../../action.yml', 'gitlab-ci.yml', 'kubernetes-cronjob.yaml']) {
      const used = [
        ...(await read(name))
          .replaceAll('"$FULCRUM"', 'fulcrum')
          .replaceAll(/"\$\{gates\[@\]\}"/g, '--fail-on "itl_p95>5%"')
          .replaceAll(/"\$\{options\[@\]\}"/g, '')
          .replaceAll('"$ALLOW_LOST"', '0')
          .replace(/"\$\(cat .*\)" --key/, '"why" --key')
          .matchAll(/(?:npx --no-install )?\bfulcrum (?:run|compare|comment|history|baseline|validate) [^\n;|&)]*/g),
      ]
        .filter(
          ([command]) =>
            !command.includes('#') && !/fulcrum baseline set (does|makes)|fulcrum compare wrote/.test(command),
        )
        .map(([command]) => fulcrumArguments(command.replace(/ "?$/, '').replace(/`.*/, '')) ?? [])
      assert.ok(used.length >= 2)
      for (const words of used) assert.equal((await sayOf(words)).complaint, '', `${name}: ${words.join(' ')}`)
    }
  })
})
