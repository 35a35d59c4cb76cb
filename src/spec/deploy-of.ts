import type { ConfiguredDeployer } from '../deployers/define-deployer.ts'
import type { Deployment } from '../model/index.ts'
import type { Sweep } from './sweep.ts'

/** What a deployment of a sweep is deployed with: its variant's configuration, else the sweep's own. */
export function deployOf(
  { deploy, variants = [] }: Pick<Sweep, 'deploy' | 'variants'>,
  { variant }: Pick<Deployment, 'variant'>,
): ConfiguredDeployer {
  return variants.find(({ name }) => name === variant)?.deploy ?? deploy
}
