import type { GeneratorName } from '../../point/index.ts'
import type { DeployConfig } from '../config.ts'

/** One thing that was looked at. */
export interface Check {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  /** What to do when it is not ok. */
  readonly remedy?: string
}

/** What a sweep asks of the machine. */
export interface MachineNeeds {
  readonly deploy: DeployConfig
  /** Name that requests carry; checks of the model are left out when absent. */
  readonly model?: string
  readonly generator: GeneratorName
  /** The generator's program, when the sweep file names it. */
  readonly command?: string | undefined
  /** The highest concurrency of the sweep. */
  readonly concurrency: number
}

export const passed = (name: string, detail: string): Check => ({ name, ok: true, detail })

export const missed = (name: string, detail: string, remedy: string): Check => ({ name, ok: false, detail, remedy })
