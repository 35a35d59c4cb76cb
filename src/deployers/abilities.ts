import { checkEngineSettings } from '../engines/engine-settings.ts'
import type { Deployment, EngineSettings, Role } from '../model/index.ts'
import { loadProfile } from '../simulator/profile.ts'
import { settingsProblems } from '../simulator/settings.ts'
import type { DeployConfig } from './config.ts'
import { checkDynamoConfig, checkFits } from './dynamo/check-config.ts'
import { serveAbilities } from './dynamo-serve/check.ts'
import { kubernetesAbilities } from './kubernetes/check.ts'
import { misfitOn } from './nodes/placement.ts'
import { hostsToCome } from './slurm/nodes.ts'

/** What is wrong with a configuration, by the key under `deploy` that it stands under, or in a file that it names. */
export interface ConfigProblem {
  readonly key: string
  readonly problem: string
  readonly at?: { readonly file: string; readonly position: { readonly line: number; readonly column: number } }
}

/** What a deployer can say of a configuration before anything starts. */
export interface DeployerAbilities {
  /** GPUs of one worker when the sweep file does not say; null when the deployer does not know either. */
  readonly gpusPerWorker: number | null
  /** As above, for deployers whose roles differ. */
  gpusOfRole?(role: Role): number | null
  /** What is wrong with the configuration itself. */
  readonly configProblems: readonly ConfigProblem[]
  /** What is wrong with a role's engine settings, a sentence each. */
  settingsProblems(role: Role, settings: EngineSettings): readonly string[]
  /** Why a deployment cannot run under this configuration; null when it can. */
  misfit(deployment: Deployment): string | ConfigProblem | null
}

const takesAnything: DeployerAbilities = {
  gpusPerWorker: null,
  configProblems: [],
  settingsProblems: () => [],
  misfit: () => null,
}

/**
 * Asks a deployer what it can do, so that a sweep is refused before it starts rather than in its middle.
 * @throws FulcrumError bad-input `profile-not-found` or `profile-invalid` of a simulated deployment
 */
export async function abilitiesOf(config: DeployConfig): Promise<DeployerAbilities> {
  switch (config.with) {
    case 'simulated': {
      const profile = await loadProfile(config.profile)
      const { tensor, pipeline } = profile.parallelism
      return {
        ...takesAnything,
        gpusPerWorker: tensor * pipeline,
        settingsProblems: (role, settings) => settingsProblems(role, settings, profile),
      }
    }
    case 'dynamo':
      return {
        ...takesAnything,
        configProblems: checkDynamoConfig(config),
        settingsProblems: (role, settings) => checkEngineSettings(config.backend, role, settings),
        misfit: deployment => checkFits(config, deployment),
      }
    case 'slurm':
      return {
        ...takesAnything,
        configProblems: checkDynamoConfig(config.dynamo),
        settingsProblems: (role, settings) => checkEngineSettings(config.dynamo.backend, role, settings),
        misfit: deployment => misfitOn(hostsToCome(config), deployment),
      }
    case 'kubernetes':
      return { ...takesAnything, ...kubernetesAbilities(config) }
    case 'attach':
      return {
        ...takesAnything,
        settingsProblems: (role, settings) =>
          Object.keys(settings).map(name => `attach changes nothing, so ${name} of ${role} workers can't be set`),
      }
    case 'dynamo-serve':
      return { ...takesAnything, ...serveAbilities(config) }
  }
}
