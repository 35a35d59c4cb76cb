import { loadProfile } from '../../simulator/profile.ts'
import { settingsProblems } from '../../simulator/settings.ts'
import { defineDeployer } from '../define-deployer.ts'
import { simulatedKeys } from './config.ts'
import { simulatedDeployer } from './simulated.ts'

/** The embedded simulated engine. */
export const simulated = defineDeployer({
  name: 'simulated',
  about: 'The embedded simulated engine behind real HTTP on loopback; needs no GPU.',
  keys: simulatedKeys,
  capabilities: async config => {
    const profile = await loadProfile(config.profile)
    const { tensor, pipeline } = profile.parallelism
    return {
      gpusPerWorker: () => tensor * pipeline,
      settingsProblems: (role, settings) => settingsProblems(role, settings, profile),
    }
  },
  startupS: () => 0.1,
  create: (config, context) => simulatedDeployer(config, context),
})
