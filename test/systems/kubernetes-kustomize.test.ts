import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { execa } from 'execa'
import { parse, parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { readAt } from '../../src/deployers/kubernetes/fields.ts'
import type { JsonObject } from '../../src/model/index.ts'
import { root } from '../ci/scratch.ts'
import { fulcrum } from '../cli/fulcrum.ts'
import { applyAs } from './kubernetes/call.ts'
import { type ControlPlane, noKubernetes, startControlPlane } from './kubernetes/control-plane.ts'

const folder = join(root, 'deploy/kubernetes')
const kustomization = z.object({
  namespace: z.string(),
  images: z.tuple([z.object({ name: z.string(), newTag: z.string() })]),
  resources: z.array(z.string()),
})
const resource = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
})
type Resource = z.output<typeof resource>

const { namespace, images, resources } = kustomization.parse(
  parse(await readFile(join(folder, 'kustomization.yaml'), 'utf8')),
)
const written: readonly Resource[] = (
  await Promise.all(
    resources.map(async name =>
      parseAllDocuments(await readFile(join(folder, name), 'utf8')).map(document => resource.parse(document.toJS())),
    ),
  )
).flat()
/** What kustomize adds before it is applied. */
const complete = (one: Resource): Resource =>
  one.kind === 'RoleBinding'
    ? { ...one, subjects: (one.subjects as readonly object[]).map(subject => ({ ...subject, namespace })) }
    : one
const ofKind = (kind: string) => written.filter(one => one.kind === kind)

/** Where the API has a resource of a kind; only the kinds of the kustomization. */
function pathOf({ apiVersion, kind, metadata }: Resource): string {
  const plurals: Readonly<Record<string, string>> = {
    ...{ ServiceAccount: 'serviceaccounts', Role: 'roles', RoleBinding: 'rolebindings', ConfigMap: 'configmaps' },
    ...{ PersistentVolumeClaim: 'persistentvolumeclaims', CronJob: 'cronjobs', Deployment: 'deployments' },
  }
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  return `${group}/namespaces/${namespace}/${plurals[kind] ?? assert.fail(kind)}/${metadata.name}`
}

describe('the kustomization', () => {
  test('has a sweep that Fulcrum accepts', async () => {
    const [config] = ofKind('ConfigMap')
    const file = join(await mkdtemp(join(tmpdir(), 'fulcrum-kustomize-')), 'nightly.yaml')
    await writeFile(file, String(readAt(config as never, ['data', 'nightly.yaml'])))
    const { stdout, exitCode } = await fulcrum(['validate', file])
    await rm(join(file, '..'), { recursive: true })
    assert.equal(exitCode, 0, stdout)
  })

  test('runs the command of the CronJob in docs/ci, which test/ci runs, and this version', async () => {
    const command = (text: unknown) =>
      readAt(text as never, [
        'spec',
        'jobTemplate',
        'spec',
        'template',
        'spec',
        'containers',
        { name: 'fulcrum' },
        'args',
      ])
    const other = parse(await readFile(join(root, 'docs/ci/kubernetes-cronjob.yaml'), 'utf8'))
    assert.ok(command(other) !== undefined)
    assert.deepEqual(command(ofKind('CronJob')[0]), command(other))
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
    assert.equal(images[0].newTag, version)
  })

  test('gives Fulcrum the role of the guide, rule for rule', async () => {
    const guide = await readFile(join(root, 'docs/how-to/kubernetes.md'), 'utf8')
    const [, block = ''] = /```yml\n(.*?)```/s.exec(guide) ?? []
    const told = parseAllDocuments(block).map(document => resource.parse(document.toJS()))
    assert.deepEqual(ofKind('Role')[0]?.rules, told.find(({ kind }) => kind === 'Role')?.rules)
  })

  test('is rendered by kubectl as it is written, where kubectl is', async context => {
    const rendered = await execa('kubectl', ['kustomize', folder], { reject: false, timeout: 60_000 })
    if (rendered.failed && rendered.exitCode === undefined) return context.skip('no kubectl')
    assert.equal(rendered.exitCode, 0, rendered.stderr)
    const documents = parseAllDocuments(rendered.stdout).map(document => resource.parse(document.toJS()))
    const named = (list: readonly Resource[]) => list.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort()
    assert.deepEqual(named(documents), named(written))
    for (const { metadata } of documents) assert.equal(metadata.namespace, namespace)
    const binding = (list: readonly Resource[]) => list.find(({ kind }) => kind === 'RoleBinding')
    assert.deepEqual(binding(documents)?.subjects, complete(binding(written) ?? assert.fail()).subjects)
  })
})

/** A resource without what the control plane's own controllers write, at any moment. */
function whatIsAsked({ metadata, status: _, ...asked }: JsonObject) {
  const { name, labels = null, generation = null } = z.looseObject({ name: z.string() }).parse(metadata)
  return { ...asked, name, labels, generation }
}

describe('the kustomization on a real control plane', { timeout: 240_000, skip: noKubernetes() }, () => {
  let plane: ControlPlane
  before(async () => {
    plane = await startControlPlane()
  })
  after(() => plane?.[Symbol.asyncDispose]())

  test('is applied by server-side apply, twice, and no field is dropped', async () => {
    for (const one of [...written, ...written].map(complete)) {
      const applied = await applyAs(plane.call, 'kubectl', `${pathOf(one)}`, one as never)
      const strict = await plane.call(
        'PATCH',
        `${pathOf(one)}?fieldManager=kubectl&force=true&fieldValidation=Strict&dryRun=All`,
        one,
        'application/apply-patch+yaml',
      )
      assert.deepEqual(whatIsAsked(strict), whatIsAsked(applied))
    }
  })

  test('meets the strictest of the standards for pods, with which namespaces may be guarded', async () => {
    // The volume is bound by a storage class, which is not here; the standard is on pods.
    await plane.call(
      'PATCH',
      `/api/v1/namespaces/${namespace}`,
      { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } },
      'application/merge-patch+json',
    )
    const specs = [
      readAt(ofKind('CronJob')[0] as never, ['spec', 'jobTemplate', 'spec', 'template', 'spec']),
      readAt(ofKind('Deployment')[0] as never, ['spec', 'template', 'spec']),
    ]
    for (const [index, spec] of specs.entries())
      await plane.call('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, {
        ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: `pod-${index}` } },
        spec: { ...(spec as object), restartPolicy: 'Never' },
      })
    // And a pod that doesn't meet it is refused, so that the above says something.
    await assert.rejects(
      plane.call('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, {
        ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'pod-root' } },
        spec: { containers: [{ name: 'root', image: 'x' }] },
      }),
      /restricted/,
    )
  })

  test('lets the sweep change graphs, and neither it nor the site read secrets or make pods', async () => {
    const may = async (account: string, verb: string, group: string, kind: string) =>
      readAt(
        await plane.call('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
          ...{ apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview' },
          spec: {
            user: `system:serviceaccount:${namespace}:${account}`,
            groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
            resourceAttributes: { namespace, verb, group, resource: kind },
          },
        }),
        ['status', 'allowed'],
      )
    assert.equal(await may('fulcrum', 'patch', 'nvidia.com', 'dynamographdeployments'), true)
    assert.equal(await may('fulcrum', 'create', 'batch', 'jobs'), true)
    for (const account of ['fulcrum', 'fulcrum-serve', 'default'])
      for (const [verb, kind] of [
        ['get', 'secrets'],
        ['create', 'pods'],
        ['create', 'pods/exec'],
      ] as const)
        assert.equal(await may(account, verb, '', kind), false, `${account}: ${verb} ${kind}`)
    assert.equal(await may('fulcrum-serve', 'list', '', 'pods'), false)
    assert.equal(await may('fulcrum-serve', 'patch', 'nvidia.com', 'dynamographdeployments'), false)
  })
})
