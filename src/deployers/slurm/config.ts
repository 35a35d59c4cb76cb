import { operational, type ReadKeys } from '../../yaml/keys.ts'
import { processKeys } from '../dynamo/config.ts'
import { head } from '../nodes/keys.ts'
import { allocationKeys } from './keys.ts'

/** Keys of `deploy` for Dynamo 1.x in a Slurm allocation: those of its processes, and of the allocation. */
export const slurmKeys = { ...processKeys, head: operational(head), ...allocationKeys }

/** Dynamo 1.x with its workers as steps of a Slurm allocation. */
export type SlurmConfig = ReadKeys<typeof slurmKeys>
