import type { DeployConfig, DynamoConfig, KubernetesConfig } from '../../deployers/config.ts'
import type { Json } from '../../model/index.ts'
import { pathText, quoted } from '../../yaml/problem.ts'
import { existing, lookUp, resolvePaths, type SectionContext, seconds } from '../../yaml/section-context.ts'
import { baseUrlOf } from '../../yaml/url.ts'
import type { RawDeploy } from '../schema/deploy.ts'
import { readDynamoServe } from './dynamo-serve.ts'
import { readPlaces, readSlurm } from './nodes.ts'

type Args = { readonly [key: string]: Json }

/** How the system is brought up, with every path absolute. */
export function readDeploy(raw: RawDeploy, context: SectionContext): DeployConfig {
  switch (raw.with) {
    case 'simulated':
      return { with: 'simulated', profile: profileOf(raw.profile, context) }
    case 'dynamo':
      return { ...readDynamo(raw, context), ...readPlaces(raw, context) }
    case 'slurm':
      return readSlurm(raw, readDynamo(raw, context))
    case 'attach':
      return readAttach(raw, context)
    case 'kubernetes':
      return readKubernetes(raw, context)
    case 'dynamo-serve':
      return readDynamoServe(raw, readEnv(raw.env, context), context)
  }
}

/** A bare word is the name of a shipped profile, anything else a path. */
function profileOf(profile: string, context: SectionContext): string {
  return /[/\\]|\.ya?ml$/.test(profile) ? existing(context, ['deploy', 'profile'], profile, 'file') : profile
}

function readDynamo(raw: Extract<RawDeploy, { with: 'dynamo' | 'slurm' }>, context: SectionContext): DynamoConfig {
  const args = (key: string, value: Args): Args => {
    const resolved = resolvePaths(context, value) as Args
    reportMissingFiles(context, ['deploy', key], value, resolved)
    return resolved
  }
  const roleArgs = Object.entries(raw.role_args).map(([role, value]) => [
    role,
    args(`role_args.${role}`, value as Args),
  ])
  return {
    with: 'dynamo',
    python: pythonOf(raw.python, context),
    backend: raw.backend,
    args: args('args', raw.args),
    roleArgs: Object.fromEntries(roleArgs) as DynamoConfig['roleArgs'],
    frontendArgs: args('frontend_args', raw.frontend_args),
    env: readEnv(raw.env, context),
    readyTimeoutS: seconds(raw.ready_timeout),
    ...(raw.nats === undefined ? {} : { nats: raw.nats }),
    ...(raw.etcd === undefined ? {} : { etcd: raw.etcd }),
    ...(raw.http_port === undefined ? {} : { httpPort: raw.http_port }),
    ...('gpus' in raw && raw.gpus !== undefined ? { gpus: raw.gpus } : {}),
  }
}

/** Variables of every process, relative paths resolved; reports secrets and paths that lead nowhere. */
function readEnv(raw: Args, context: SectionContext): { readonly [name: string]: string } {
  const env = resolvePaths(context, raw) as Args
  reportMissingFiles(context, ['deploy', 'env'], raw, env)
  reportSecrets(context, raw)
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)]))
}

/** A program on PATH may be missing here and be there where the sweep runs: the deployer looks again. */
function pythonOf(python: string, context: SectionContext): string {
  if (/[/\\]/.test(python)) return existing(context, ['deploy', 'python'], python, 'file')
  return context.files.program(python) ?? python
}

/** A path that was meant as one and leads nowhere is a slip; the worker would say so minutes later. */
function reportMissingFiles(context: SectionContext, path: readonly string[], written: Args, resolved: Args): void {
  for (const [key, value] of Object.entries(resolved)) {
    const text = written[key]
    if (typeof text !== 'string' || typeof value !== 'string' || text === value) continue
    if (lookUp(context, value) !== 'nothing') continue
    const place = [...path.flatMap(step => step.split('.')), key]
    context.report(
      place,
      `${pathText(place)} is ${quoted(text)}, and there is no ${value}`,
      'write a path that exists, absolute or relative to the sweep file',
    )
  }
}

const secretName = /(^|_)(TOKENS?|SECRETS?|PASSWORDS?|PASSWD|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?)$/i

/** The file is kept in every run's manifest: a secret in it would be there for good. */
function reportSecrets(context: SectionContext, env: { readonly [name: string]: unknown }): void {
  for (const name of Object.keys(env)) {
    if (!secretName.test(name)) continue
    context.report(
      ['deploy', 'env', name],
      `${name} looks like a secret, and this file is kept with every run`,
      `remove it here and export ${name} before the run: processes inherit it`,
      'key',
    )
  }
}

function readKubernetes(raw: Extract<RawDeploy, { with: 'kubernetes' }>, context: SectionContext): KubernetesConfig {
  const { kubeconfig, context: contextName, namespace, url, api_key_env: apiKeyEnv } = raw
  return {
    with: 'kubernetes',
    manifest: existing(context, ['deploy', 'manifest'], raw.manifest, 'file'),
    services: Object.fromEntries(
      Object.entries(raw.services).filter(([, name]) => name !== undefined),
    ) as KubernetesConfig['services'],
    onExit: raw.on_exit,
    readyTimeoutS: seconds(raw.ready_timeout),
    ...(kubeconfig === undefined
      ? {}
      : { kubeconfig: existing(context, ['deploy', 'kubeconfig'], kubeconfig, 'file') }),
    ...(contextName === undefined ? {} : { context: contextName }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(url === undefined ? {} : { url: baseUrlOf(url, ['deploy', 'url'], context) }),
    ...(apiKeyEnv === undefined ? {} : { apiKeyEnv }),
  }
}

function readAttach(raw: Extract<RawDeploy, { with: 'attach' }>, context: SectionContext): DeployConfig {
  return {
    with: 'attach',
    url: baseUrlOf(raw.url, ['deploy', 'url'], context),
    gpus: raw.gpus,
    dialect: raw.dialect,
    ...(raw.api_key_env === undefined ? {} : { apiKeyEnv: raw.api_key_env }),
  }
}
