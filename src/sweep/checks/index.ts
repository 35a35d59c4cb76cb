import { checkAttach } from './attach.ts'
import type { Check } from './check.ts'
import { checkDeployerConfig } from './deployer-config.ts'
import { checkDeployerSettings } from './deployer-settings.ts'
import { checkGenerator } from './generator.ts'
import { checkGpusPerWorker } from './gpus-per-worker.ts'
import { checkKvDtype } from './kv-dtype.ts'
import { checkSequenceLength } from './sequence-length.ts'

/** Every check of a sweep as a whole; each looks at one thing. */
export const checks: readonly Check[] = [
  checkAttach,
  checkDeployerConfig,
  checkDeployerSettings,
  checkGenerator,
  checkGpusPerWorker,
  checkKvDtype,
  checkSequenceLength,
]
