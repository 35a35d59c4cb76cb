import { lookup } from 'node:dns/promises'
import { counted } from '../../model/index.ts'
import { type Check, missed, noticed, passed } from '../doctor/check.ts'
import { checkClock, clockProgram } from '../doctor/clock.ts'
import { hereMachine } from '../doctor/machine.ts'
import { checkPackages, devicesScript, judgeDevices, parseDevices } from '../doctor/ranks.ts'
import type { AllocationConfig } from './keys.ts'
import { allocationArguments } from './salloc.ts'
import { parseSinfo, type SlurmNode, sinfoArguments, slurmSeconds } from './sinfo.ts'
import { hasFailed, parseNodes } from './states.ts'
import { slurmVariables } from './variables.ts'

/** Slurm's programs keep trying to reach a controller that is down. */
const answerLimitMs = 15_000
const ask = (program: string, args: readonly string[]) => hereMachine.run(program, args, {}, answerLimitMs)

/** Requirements of workers that are spread over nodes. */
export interface RankNeeds {
  /** Variables of the workers. */
  readonly env: { readonly [name: string]: string }
  /** Whether srun starts their ranks by MPI. */
  readonly isMpi: boolean
  /** Python of the workers, and packages that their ranks need beside the engine. */
  readonly python: string
  readonly packages: readonly string[]
}

/**
 * Checks whether Slurm would grant the sweep's allocation, now or later, without requesting it. A one-second job on
 * idle nodes reads the clocks.
 */
export async function checkSlurm(config: AllocationConfig, ranks: RankNeeds | null = null): Promise<readonly Check[]> {
  const said = await ask('sinfo', sinfoArguments)
  if (!said.ok) {
    const detail = said.absent ? 'sinfo is not installed' : said.complaint
    const remedy = said.absent
      ? 'Run Fulcrum where Slurm’s programs are, such as a login node.'
      : 'Check slurmctld: scontrol ping.'
    return [missed('slurm', detail, remedy)]
  }
  try {
    const nodes = parseSinfo(said.out)
    const judged = judgeNodes(config, nodes)
    const idle = idleNodes(config, nodes)
    const [asked, account, clocks, ofRanks] = await Promise.all([
      trial(config),
      checkAccount(config),
      Promise.all(idle.map(({ name }) => checkClock([...shortJob(config, name), ...clockProgram], `node ${name}`))),
      ranks === null ? [] : checkRanks(config, ranks, idle),
    ])
    return [...judged, asked, ...account, ...variables(config), ...clocks, ...ofRanks]
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return [missed('slurm', `unexpected output of sinfo: ${error.message}`, 'Compare with sinfo --help.')]
  }
}

/** Messages of Slurm's programs when they cannot reach the controller. These are not answers. */
const controllerAway =
  /Unable to contact slurm controller|Socket timed out|Zero Bytes were transmitted|not connected|connection failure/i

/** Compares the partition's nodes with the request. */
export function judgeNodes(config: AllocationConfig, nodes: readonly SlurmNode[]): readonly Check[] {
  const { partition, gpus_per_node: gpusPerNode, time } = config
  const names = [...new Set(nodes.map(node => node.partition))]
  const chosen = partition ?? nodes.find(({ isDefault }) => isDefault)?.partition
  const where = `partition ${chosen ?? '(default)'}`
  const mine = nodes.filter(node => node.partition === chosen)
  const [first] = mine
  if (first === undefined) {
    const what = partition === undefined ? 'there is no default partition' : `there is no partition ${partition}`
    return [missed('partition', what, `Write deploy.partition: one of ${names.join(', ')}.`, where)]
  }
  if (!first.up)
    return [
      missed('partition', 'it is down', 'Choose another partition, or ask an administrator to bring it up.', where),
    ]
  const broken = mine.filter(
    node =>
      hasFailed({ ...node, address: node.name, state: node.state.toUpperCase() }) ||
      /^(drain|fail|maint)/i.test(node.state),
  )
  const fit = mine.filter(node => !broken.includes(node) && node.gpus >= (gpusPerNode ?? 0))
  const idle = fit.filter(({ state }) => /^idle$/i.test(state)).length
  const asked = `${config.nodes}${gpusPerNode === undefined ? '' : ` with ${counted(gpusPerNode, 'GPU')}`}`
  const most = Math.max(0, ...mine.map(({ gpus }) => gpus))
  const wantedS = time === undefined ? null : slurmSeconds(time)
  return [
    fit.length < config.nodes
      ? missed(
          'nodes',
          `${fit.length} usable, ${asked} requested; they have up to ${counted(most, 'GPU')}`,
          'Correct deploy.nodes, gpus_per_node or partition.',
          where,
        )
      : idle < config.nodes
        ? noticed(
            'nodes',
            `${fit.length} usable, ${idle} idle, ${asked} requested`,
            'The allocation will wait in the queue (deploy.queue_timeout).',
            where,
          )
        : passed('nodes', `${fit.length} usable, ${idle} idle, ${asked} requested`, where),
    ...broken.map(({ name, state, reason }) =>
      noticed(
        'nodes',
        `${name} is ${state}${reason === null ? '' : `: ${reason}`}`,
        `scontrol show node ${name}`,
        where,
      ),
    ),
    ...(wantedS !== null && first.longestS !== null && wantedS > first.longestS
      ? [
          missed(
            'time',
            `${time} is longer than the partition allows`,
            'Shorten deploy.time, or choose another partition.',
            where,
          ),
        ]
      : []),
  ]
}

/** Slurm's response to the same request, without a job: `sbatch --test-only`. */
async function trial(config: AllocationConfig): Promise<Check> {
  const args = ['--test-only', ...allocationArguments(config), '--wrap=true']
  const said = await ask('sbatch', args)
  const words = said.complaint.replace(/^(sbatch: )?(error: )?/, '')
  if (said.ok) return passed('allocation', words.startsWith('Job') ? words : 'Slurm would grant it')
  if (/unrecognized option|invalid option/.test(said.complaint)) {
    return noticed(
      'allocation',
      `not tried: ${words}`,
      'salloc_args has arguments that only salloc accepts, so this check cannot test them.',
    )
  }
  if (controllerAway.test(said.complaint)) {
    return missed('allocation', `not tried: ${words}`, 'Check slurmctld: scontrol ping.')
  }
  return missed(
    'allocation',
    `Slurm would refuse it: ${words}`,
    'Request what exists: deploy.nodes, gpus_per_node, partition, account, time.',
  )
}

/** Accounts only matter if Slurm uses accounting. */
async function checkAccount({ account }: AllocationConfig): Promise<readonly Check[]> {
  const user = process.env.USER ?? process.env.LOGNAME
  const only = user === undefined ? [] : [`user=${user}`]
  const said = await ask('sacctmgr', ['--noheader', '--parsable2', 'show', 'assoc', ...only, 'format=account'])
  const accounts = [...new Set(said.out.split('\n').filter(line => line !== ''))]
  if (!said.ok || accounts.length === 0) return []
  if (account === undefined) return [passed('account', `the default one of ${accounts.join(', ')}`)]
  if (accounts.includes(account)) return [passed('account', account)]
  return [
    missed(
      'account',
      `${account} is not an account of ${user ?? 'this user'}`,
      `Write deploy.account: one of ${accounts.join(', ')}.`,
    ),
  ]
}

/** By default, workers inside a job run without these variables. */
function variables({ keep_slurm_variables: keepSlurmVariables }: AllocationConfig): readonly Check[] {
  if (keepSlurmVariables) {
    const remedy = 'Remove deploy.keep_slurm_variables if TensorRT-LLM fails to spawn.'
    return [
      noticed(
        'slurm variables',
        'workers keep SLURM_JOBID, SLURM_JOB_ID and SLURM_NODELIST, which break MPI spawn',
        remedy,
      ),
    ]
  }
  return slurmVariables().map(({ detail }) =>
    noticed('slurm variables', detail, 'Fulcrum requests its own allocation and unsets them for its workers.'),
  )
}

/** As many idle nodes as requested, on which a short job can run. */
function idleNodes({ nodes: count, partition }: AllocationConfig, nodes: readonly SlurmNode[]): readonly SlurmNode[] {
  const chosen = partition ?? nodes.find(({ isDefault }) => isDefault)?.partition
  return nodes.filter(node => node.partition === chosen && /^idle$/i.test(node.state)).slice(0, count)
}

/** Runs the following command on a node, in a one-second job that does not wait in the queue. */
const shortJob = ({ partition, account }: AllocationConfig, node: string) =>
  [
    'srun',
    ...['--nodes=1', '--ntasks=1', `--nodelist=${node}`, '--immediate=10', '--time=1', '--job-name=fulcrum-doctor'],
    ...(partition === undefined ? [] : [`--partition=${partition}`]),
    ...(account === undefined ? [] : [`--account=${account}`]),
  ] as const

/** Connections between ranks on several nodes, and whether srun can start them through MPI. */
async function checkRanks(
  config: AllocationConfig,
  { env, isMpi, python, packages }: RankNeeds,
  idle: readonly SlurmNode[],
): Promise<readonly Check[]> {
  const said = await ask('scontrol', ['show', 'node', '--oneliner', idle.map(({ name }) => name).join(',')])
  const addresses = new Map(parseNodes(said.out).map(({ name, address }) => [name, address]))
  const devices = idle.map(async ({ name }): Promise<readonly Check[]> => {
    const where = `node ${name}`
    const address = await lookup(addresses.get(name) ?? name, { family: 4 }).catch(() => null)
    if (address === null) {
      const remedy = 'Give the node a NodeAddr in slurm.conf that this machine can look up.'
      return [missed('ranks', `Could not resolve the address of ${name}`, remedy, where)]
    }
    const [srun, ...args] = shortJob(config, name)
    const found = await ask(srun, [...args, 'bash', '-c', devicesScript, 'doctor', address.address])
    if (found.ok) {
      const onNode = {
        name: where,
        run: (program: string, rest: readonly string[]) => ask(srun, [...args, program, ...rest]),
      }
      const installed = await checkPackages(onNode, { python, env }, packages)
      return [...judgeDevices(env, parseDevices(found.out), address.address, where), ...installed]
    }
    return [noticed('ranks', `not checked: ${found.complaint}`, 'Try again when the node is idle.', where)]
  })
  const mpi = isMpi ? await checkMpi(config) : []
  return [...mpi, ...(await Promise.all(devices)).flat()]
}

/** Fulcrum asks srun for PMIx unless the sweep file names another plugin. */
async function checkMpi({ srun_args: args = [] }: AllocationConfig): Promise<readonly Check[]> {
  if (args.some(arg => arg.startsWith('--mpi'))) return []
  const said = await ask('srun', ['--mpi=list'])
  const list = `${said.out} ${said.complaint}`
  if (/\bpmix/.test(list)) return [passed('mpi', 'srun has pmix')]
  return [
    missed(
      'mpi',
      `srun has no pmix, which starts the ranks of a worker: ${said.complaint}`,
      'Install Slurm’s PMIx plugin, or name another one in deploy.srun_args (--mpi=…).',
    ),
  ]
}
