import { readFileSync } from 'node:fs'
import { checkEngineSettings } from '../../engines/engine-settings.ts'
import { type Deployment, FulcrumError } from '../../model/index.ts'
import type { DeployerCapabilities, DeployProblem } from '../capabilities.ts'
import type { ComponentKeys, KubernetesConfig } from './config.ts'
import { configured } from './configured.ts'
import { designProblems, gpusOfWorker } from './design.ts'
import { backendOf } from './engine.ts'
import { frontendArguments } from './frontend-arguments.ts'
import { type Manifest, type ManifestProblem, parseManifest } from './manifest.ts'
import { type Cast, castOf } from './roles.ts'

/** A manifest that can be swept. */
export interface ReadManifest {
  readonly manifest: Manifest
  readonly cast: Cast
}

/** Reads the manifest's text; null if it can't be read. */
function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

/** Checks a manifest without a cluster. */
export function kubernetesCapabilities(config: KubernetesConfig): Omit<DeployerCapabilities, 'running'> {
  const text = textOf(config.manifest)
  // A missing file is reported where its path is resolved.
  const { manifest, problems } = text === null ? { manifest: null, problems: [] } : parseManifest(text, config.manifest)
  const casting = manifest === null ? null : castOf(manifest, config.services)
  const placed = ({ at, problem, right }: ManifestProblem): DeployProblem => ({
    path: ['manifest'],
    wrong: problem,
    remedy: right,
    at: { file: config.manifest, position: at },
  })
  const mappings = (casting?.mappingProblems ?? []).map(({ role, problem, right }) => ({
    path: ['services', role],
    wrong: problem,
    remedy: right,
  }))
  const frontend = manifest === null || casting === null ? null : frontendArguments(manifest, casting.cast, config)
  const options = (frontend?.inSweep ?? []).map(problem => ({ path: ['frontend_args'], ...problem }))
  return {
    configProblems: [
      ...problems.map(placed),
      ...(casting?.problems ?? []).map(placed),
      ...mappings,
      ...options,
      ...(frontend?.inManifest ?? []).map(placed),
    ],
    gpusPerWorker: (role, settings) => {
      const component = casting?.cast[role]
      return component === undefined ? null : gpusOfWorker(component, settings)
    },
    spansNodes: true,
    // A port of this machine that is forwarded to the cluster.
    endpointIsLocal: true,
    settingsProblems: (role, settings) => {
      const component = casting?.cast[role]
      const backend =
        component === undefined || manifest === null
          ? null
          : backendOf(configured(manifest, role, component, config).component, manifest)
      return backend === null ? [] : checkEngineSettings(backend, role, settings)
    },
    misfit: deployment => {
      const first =
        manifest === null || casting === null
          ? undefined
          : designProblems(manifest, casting.cast, deployment, config)[0]
      return first === undefined ? null : placed(first)
    },
  }
}

/**
 * The parsed manifest for the deployer.
 * @throws FulcrumError bad-input `manifest-invalid` with every problem as `file:line:column: …`
 */
export function readManifest(config: KubernetesConfig): ReadManifest {
  const text = textOf(config.manifest)
  if (text === null) {
    throw new FulcrumError('bad-input', 'manifest-not-found', `Could not read the manifest`, { where: config.manifest })
  }
  const { manifest, problems } = parseManifest(text, config.manifest)
  const casting = manifest === null ? null : castOf(manifest, config.services)
  const lines = [
    ...[...problems, ...(casting?.problems ?? [])].map(problem => lineOf(config.manifest, problem)),
    ...(casting?.mappingProblems ?? []).map(
      ({ role, problem, right }) => `deploy.services.${role}: ${problem}; ${right}`,
    ),
  ]
  if (manifest === null || casting === null || lines.length > 0) {
    throw new FulcrumError('bad-input', 'manifest-invalid', lines.join('\n'))
  }
  return { manifest, cast: casting.cast }
}

/** @throws FulcrumError bad-input `manifest-misfit` if the manifest can't serve a deployment */
export function requireFit({ manifest, cast }: ReadManifest, wanted: Deployment, config: ComponentKeys): void {
  const problems = designProblems(manifest, cast, wanted, config)
  if (problems.length === 0) return
  const lines = problems.map(problem => lineOf(manifest.file, problem))
  throw new FulcrumError('bad-input', 'manifest-misfit', lines.join('\n'))
}

function lineOf(file: string, { at, problem, right }: ManifestProblem): string {
  return `${file}:${at.line}:${at.column}: ${problem}; ${right}`
}
