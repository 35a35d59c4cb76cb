import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { freePort } from '../../../src/deployers/ports.ts'
import { openLedger, type ProcessLedger } from '../../../src/process/ledger.ts'
import { type RunningProcess, startProcess } from '../../../src/process/process.ts'
import { type Call, callerOf } from './call.ts'

const programs = join(import.meta.dirname, '../../../.systems/go/bin')
const binary = (name: string) => join(programs, name)
const needed = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler']

/** Why there is no Kubernetes here; false when there is. */
export function noKubernetes(): string | false {
  const missing = needed.filter(name => !existsSync(binary(name)))
  if (missing.length === 0) return false
  return `${missing.join(', ')} not built (scripts/install-systems.ts builds Kubernetes where Go is)`
}

/** A real control plane of this test's own: etcd, API server with RBAC, controllers, scheduler. It has no node yet. */
export interface ControlPlane extends AsyncDisposable {
  readonly folder: string
  readonly url: string
  readonly ledger: ProcessLedger
  /** Of a user who may do everything. */
  readonly kubeconfig: string
  /** Everything that was asked of the API, one JSON object a line. */
  readonly auditLog: string
  /** Certificate and key that a kubelet may serve with. */
  readonly certificate: { readonly cert: string; readonly key: string }
  /** Any call of the API as that user. */
  readonly call: Call
  /** A kubeconfig of somebody else, by bearer token. */
  kubeconfigOf(name: string, token: string): Promise<string>
}

const startLimitMs = 120_000
/** What the rest of a cluster would do; the node is a test's own and needs no watching over. */
const controllers = [
  ...['deployment-controller', 'replicaset-controller', 'job-controller', 'ttl-after-finished-controller'],
  ...['garbage-collector-controller', 'namespace-controller', 'serviceaccount-controller'],
]

const auditEverything = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted'],
  rules: [{ level: 'Metadata' }],
}

/** Starts everything, and makes the namespace `llm`. */
export async function startControlPlane(): Promise<ControlPlane> {
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-kubernetes-'))
  const ledger = await openLedger({ runFolder: folder })
  await using ending = new AsyncDisposableStack()
  ending.defer(() => rm(folder, { recursive: true, force: true }))
  ending.defer(() => ledger.close())
  const start = async (argv: readonly [string, ...string[]]): Promise<RunningProcess> => {
    const name = argv[0].split('/').at(-1) ?? ''
    const logFile = join(folder, `${name}.log`)
    const started = await startProcess({ name, argv, env: {}, cwd: folder, logFile }, ledger)
    ending.defer(() => started.stop(5_000))
    return started
  }
  const etcdUrl = await startEtcd(folder, start)
  const certificates = join(folder, 'certificates')
  await mkdir(certificates)
  const serviceAccountKey = join(folder, 'service-account.key')
  await writeFile(serviceAccountKey, rsaKey())
  const token = randomUUID()
  const tokens = join(folder, 'tokens.csv')
  await writeFile(tokens, `${token},admin,admin,system:masters\n`, { mode: 0o600 })
  const auditPolicy = join(folder, 'audit-policy.yaml')
  await writeFile(auditPolicy, stringify(auditEverything))
  const auditLog = join(folder, 'audit.jsonl')
  const port = await freePort()
  const url = `https://127.0.0.1:${port}`
  const kubeconfigOf = async (name: string, bearer: string) => {
    const file = join(folder, `${name}.yaml`)
    await writeFile(file, kubeconfigText(url, name, bearer), { mode: 0o600 })
    return file
  }
  const kubeconfig = await kubeconfigOf('admin', token)
  const server = await start([
    binary('kube-apiserver'),
    `--etcd-servers=${etcdUrl}`,
    ...[`--secure-port=${port}`, '--bind-address=127.0.0.1', '--advertise-address=127.0.0.1'],
    ...[`--cert-dir=${certificates}`, '--authorization-mode=RBAC', `--token-auth-file=${tokens}`],
    ...[`--service-account-key-file=${serviceAccountKey}`, `--service-account-signing-key-file=${serviceAccountKey}`],
    ...['--service-account-issuer=https://kubernetes.default.svc', '--service-cluster-ip-range=10.96.0.0/16'],
    ...[`--audit-policy-file=${auditPolicy}`, `--audit-log-path=${auditLog}`],
    // A loopback address may not be an endpoint of the service `kubernetes`.
    '--endpoint-reconciler-type=none',
  ])
  const call = await callerOf(kubeconfig)
  await until(async () => {
    if (!server.alive()) throw new Error(`the API server ended:\n${server.lastLines().slice(-20).join('\n')}`)
    return (await call('GET', '/readyz').catch(() => null)) !== null
  })
  await start([
    binary('kube-controller-manager'),
    ...[`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0'],
    ...[`--controllers=${controllers.join(',')}`, `--service-account-private-key-file=${serviceAccountKey}`],
  ])
  await start([binary('kube-scheduler'), `--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0'])
  await call('POST', '/api/v1/namespaces', { metadata: { name: 'llm' } })
  // Pods are refused until their namespace has its service account.
  await until(
    async () => (await call('GET', '/api/v1/namespaces/llm/serviceaccounts/default').catch(() => null)) !== null,
  )
  const owned = ending.move()
  return {
    ...{ folder, url, ledger, kubeconfig, auditLog, call, kubeconfigOf },
    certificate: { cert: join(certificates, 'apiserver.crt'), key: join(certificates, 'apiserver.key') },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function startEtcd(folder: string, start: (argv: readonly [string, ...string[]]) => Promise<unknown>) {
  const url = `http://127.0.0.1:${await freePort()}`
  const peerUrl = `http://127.0.0.1:${await freePort()}`
  await start([
    ...(['etcd', '--data-dir', join(folder, 'etcd'), '--listen-client-urls', url] as const),
    ...['--advertise-client-urls', url, '--listen-peer-urls', peerUrl],
    ...['--initial-advertise-peer-urls', peerUrl, '--initial-cluster', `default=${peerUrl}`, '--unsafe-no-fsync'],
  ])
  return url
}

/** Asks until the answer is yes. */
export async function until(ask: () => Promise<boolean>, limitMs = startLimitMs): Promise<void> {
  const deadline = performance.now() + limitMs
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error('it did not come true in time')
    await sleep(50)
  }
}

function rsaKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return String(privateKey.export({ type: 'pkcs1', format: 'pem' }))
}

function kubeconfigText(server: string, user: string, token: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: user, context: { cluster: 'test', user, namespace: 'llm' } }],
    'current-context': user,
  })
}
