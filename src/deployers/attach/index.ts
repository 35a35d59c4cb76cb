import { defineDeployer } from '../define-deployer.ts'
import { expectedOf } from '../doctor/registration.ts'
import { attachDeployer, endpointOf, isLocal } from './attach.ts'
import { attachKeys } from './config.ts'
import { checkEndpoint } from './doctor.ts'

/** An endpoint that is already running. */
export const attach = defineDeployer({
  name: 'attach',
  about: 'An endpoint that somebody else runs; nothing is started or stopped.',
  keys: attachKeys,
  capabilities: ({ gpus, url }) => ({
    running: { gpus },
    endpointIsLocal: isLocal(url),
    settingsProblems: (role, settings) =>
      Object.keys(settings).map(name => ({
        wrong: `attach changes nothing, so it cannot set ${name} of ${role} workers`,
        remedy: 'remove it, or sweep it with a deployer that knows it',
      })),
  }),
  endpoint: endpointOf,
  startupS: () => 0,
  doctor: (config, needs) => checkEndpoint(config, needs.model, expectedOf(needs), needs.ask),
  create: (config, { model, ask }) => attachDeployer(config, model, ask),
})
