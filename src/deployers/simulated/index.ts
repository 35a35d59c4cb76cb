import { FulcrumError } from '../../model/index.ts'
import { loadProfile, type Profile } from '../../simulator/profile.ts'
import { settingsProblems } from '../../simulator/settings.ts'
import type { DeployerCapabilities } from '../capabilities.ts'
import { defineDeployer } from '../define-deployer.ts'
import { type SimulatedConfig, simulatedKeys } from './config.ts'
import { simulatedDeployer } from './simulated.ts'

/** The embedded simulated engine. */
export const simulated = defineDeployer({
  name: 'simulated',
  about: 'The embedded simulated engine behind real HTTP on loopback; needs no GPU.',
  keys: simulatedKeys,
  capabilities: async config => {
    const profile = await profileOf(config)
    if ('configProblems' in profile) return profile
    const { tensor, pipeline } = profile.parallelism
    return {
      endpointIsLocal: true,
      gpusPerWorker: () => tensor * pipeline,
      settingsProblems: (role, settings) => settingsProblems(role, settings, profile, config.acceptance !== undefined),
    }
  },
  startupS: () => 0.1,
  variants: {
    keys: ['router'],
    parts: ({ router }) => ({
      frontend: router ?? 'round-robin',
      workers: { prefill: null, decode: null, aggregated: null },
    }),
  },
  create: (config, context) => simulatedDeployer(config, context),
})

async function profileOf({
  profile,
}: SimulatedConfig): Promise<Profile | Pick<DeployerCapabilities, 'configProblems'>> {
  try {
    return await loadProfile(profile)
  } catch (error) {
    if (!(error instanceof FulcrumError)) throw error
    const wrong = `deploy.profile: ${error.message}`
    return { configProblems: [{ path: ['profile'], atValue: true, wrong, remedy: error.remedy ?? '' }] }
  }
}
