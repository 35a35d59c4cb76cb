import { checkAttach } from './attach.ts'
import { checkBatch } from './batch.ts'
import { checkCacheAgreement } from './cache-agreement.ts'
import type { Check } from './check.ts'
import { checkDeployerSettings } from './deployer-settings.ts'
import { checkGenerator } from './generator.ts'
import { checkMemory } from './memory.ts'
import { checkParallelism } from './parallelism.ts'
import { checkSequenceLength } from './sequence-length.ts'

/** Every check of what is deployed; each looks at one thing. docs/engine-checks.md explains them. */
export const checks: readonly Check[] = [
  checkAttach,
  checkDeployerSettings,
  checkGenerator,
  checkParallelism,
  checkCacheAgreement,
  checkSequenceLength,
  checkBatch,
  checkMemory,
]
