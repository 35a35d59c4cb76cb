import { checkBatch } from './batch.ts'
import { checkCacheAgreement } from './cache-agreement.ts'
import type { Check } from './check.ts'
import { checkDeployerSettings } from './deployer-settings.ts'
import { checkEngineFileKeys } from './engine-file-keys.ts'
import { checkEngineRules } from './engine-rules.ts'
import { checkGenerator } from './generator.ts'
import { checkLoadHosts } from './load-hosts.ts'
import { checkMemory } from './memory.ts'
import { checkNodes } from './nodes.ts'
import { checkOverrides } from './overrides.ts'
import { checkParallelism } from './parallelism.ts'
import { checkRunningSystem } from './running-system.ts'
import { checkSequenceLength } from './sequence-length.ts'
import { checkSpeculation } from './speculation.ts'
import { checkValues } from './values.ts'

/** All checks of deployments, one for each subject. docs/reference/engine-checks.md explains them. */
export const checks: readonly Check[] = [
  checkRunningSystem,
  checkDeployerSettings,
  checkEngineFileKeys,
  checkOverrides,
  checkValues,
  checkGenerator,
  checkLoadHosts,
  checkParallelism,
  checkNodes,
  checkEngineRules,
  checkCacheAgreement,
  checkSequenceLength,
  checkBatch,
  checkMemory,
  checkSpeculation,
]
