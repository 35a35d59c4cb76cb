import { loadProfile } from '../engine/profile.ts'
import { settingsProblems } from '../engine/settings.ts'
import type { EngineSettings, Role } from '../point/index.ts'
import type { DeployConfig } from './config.ts'

/** What a deployer can say of a configuration before anything starts. */
export interface DeployerAbilities {
  /** GPUs of one worker when the sweep file does not say; null when the deployer does not know either. */
  readonly gpusPerWorker: number | null
  /** What is wrong with a role's engine settings, a sentence each. */
  settingsProblems(role: Role, settings: EngineSettings): readonly string[]
}

const knowsNothing: DeployerAbilities = { gpusPerWorker: null, settingsProblems: () => [] }

/**
 * Asks a deployer what it can do, so that a sweep is refused before it starts rather than in its middle.
 * @throws FulcrumError bad-input `profile-not-found` or `profile-invalid` of a simulated deployment
 */
export async function abilitiesOf(config: DeployConfig): Promise<DeployerAbilities> {
  if (config.with !== 'simulated') return knowsNothing
  const profile = await loadProfile(config.profile)
  const { tensor, pipeline } = profile.parallelism
  return {
    gpusPerWorker: tensor * pipeline,
    settingsProblems: (role, settings) => settingsProblems(role, settings, profile),
  }
}
