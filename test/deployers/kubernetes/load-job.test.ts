import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAt } from '../../../src/deployers/kubernetes/fields.ts'
import type { JobShards } from '../../../src/deployers/kubernetes/load-job/defaults.ts'
import { jobEnd, lastWords } from '../../../src/deployers/kubernetes/load-job/pods.ts'
import { previewLoadJob } from '../../../src/deployers/kubernetes/load-job/preview.ts'
import { loadJob, shardPort } from '../../../src/deployers/kubernetes/load-job/resource.ts'

const shards: JobShards = {
  ...{ count: 3, hosts: [], launcher: 'ssh', launcherArgs: [] },
  job: {
    ...{ image: 'registry/fulcrum:1', namespace: 'llm', resources: { requests: { cpu: '4' } } },
    ...{ nodeSelector: { pool: 'load' }, tolerations: [], imagePullSecrets: ['registry-login'] },
    ...{ deadlineS: 3600.5, startTimeoutS: 60 },
  },
}
const made = loadJob({ name: 'fulcrum-load-1', shards, owner: { host: 'h' }, run: '/r' })
const podSpec = ['spec', 'template', 'spec']
const container = [...podSpec, 'containers', { name: 'shard' }]

test('a load is an Indexed Job of as many pods as shards, ended by the cluster at its deadline', () => {
  const spec = (key: string) => readAt(made, ['spec', key])
  assert.deepEqual(
    [spec('completionMode'), spec('completions'), spec('parallelism'), spec('activeDeadlineSeconds')],
    ['Indexed', 3, 3, 3601],
  )
  assert.deepEqual(readAt(made, [...container, 'args']), ['shard', '--listen', String(shardPort)])
})

test('its pods have no access to the API, no privileges, and no secret but by name', () => {
  assert.equal(readAt(made, [...podSpec, 'automountServiceAccountToken']), false)
  assert.equal(readAt(made, [...podSpec, 'securityContext', 'runAsNonRoot']), true)
  assert.deepEqual(readAt(made, [...container, 'securityContext', 'capabilities']), { drop: ['ALL'] })
  assert.deepEqual(readAt(made, [...podSpec, 'imagePullSecrets']), [{ name: 'registry-login' }])
  assert.equal(readAt(made, [...container, 'env']), undefined)
})

test('the image’s own entry point is used unless the sweep says a command', () => {
  assert.equal(readAt(made, [...container, 'command']), undefined)
  const other = loadJob({ name: 'n', shards: { ...shards, command: ['node', 'f.js'] }, owner: {}, run: '' })
  assert.deepEqual(readAt(other, [...container, 'command']), ['node', 'f.js'])
})

test('a preview applies and deletes it in its namespace', () => {
  const { commands, files } = previewLoadJob(shards)
  assert.deepEqual(
    commands.map(({ argv }) => argv.slice(0, 3)),
    [
      ['kubectl', '--namespace=llm', 'apply'],
      ['kubectl', '--namespace=llm', 'delete'],
    ],
  )
  assert.match(files[0]?.content ?? '', /kind: Job/)
})

test('a Job has ended when the cluster says that it is complete or failed, and why', () => {
  assert.equal(jobEnd({ status: { conditions: [{ type: 'SuccessCriteriaMet', status: 'True' }] } }), null)
  const failed = { type: 'Failed', status: 'True', reason: 'DeadlineExceeded', message: 'it was active too long' }
  assert.equal(jobEnd({ status: { conditions: [failed] } }), 'Failed: DeadlineExceeded: it was active too long')
})

test('the last words of a pod are its container’s, from before a restart too', () => {
  const ended = { terminated: { message: 'no such file\n' } }
  assert.equal(lastWords({ status: { containerStatuses: [{ state: ended }] } }), 'no such file')
  assert.equal(
    lastWords({ status: { containerStatuses: [{ state: { running: {} }, lastState: ended }] } }),
    'no such file',
  )
  assert.equal(lastWords({ status: {} }), null)
})
