import type { z } from 'zod'
import { attach } from './attach/index.ts'
import type { AnyDeployer } from './define-deployer.ts'
import { dynamo } from './dynamo/index.ts'
import { dynamoServe } from './dynamo-serve/index.ts'
import { kubernetes } from './kubernetes/index.ts'
import { simulated } from './simulated/index.ts'
import { slurm } from './slurm/index.ts'

/** Deployers shipped with Fulcrum. Add a new one as a folder and a line here. */
const shipped = [simulated, dynamo, attach, dynamoServe, kubernetes, slurm] as const

/** The shipped deployers, in the order of messages and the reference. Excludes plug-ins. */
export const deployers: readonly AnyDeployer[] = shipped

/** Values of `deploy: { with: … }` that name a shipped deployer. */
export const deployerNames: readonly string[] = deployers.map(({ name }) => name)

/** The `deploy` sections of shipped deployers as written in sweep files. */
export type ShippedDeploy = z.input<(typeof shipped)[number]['schema']>

/** The shipped deployer with this name; undefined if it does not exist. */
export const deployerOf = (name: string): AnyDeployer | undefined => deployers.find(one => one.name === name)
