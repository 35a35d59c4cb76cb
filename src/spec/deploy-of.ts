import type { ConfiguredDeployer } from '../deployers/define-deployer.ts'
import type { Deployment } from '../model/index.ts'
import type { Sweep } from './sweep.ts'

/** Deployer configuration of a deployment: that of its variant, or else that of the sweep. */
export function deployOf(
  { deploy, variants = [] }: Pick<Sweep, 'deploy' | 'variants'>,
  { variant }: Pick<Deployment, 'variant'>,
): ConfiguredDeployer {
  return variants.find(({ name }) => name === variant)?.deploy ?? deploy
}
